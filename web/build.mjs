// Builds the two pages into ../api/static, which is committed: `make assets`.
//
// Equal sources and an equal lock give equal files. A file is named after its content and kept as
// compressed here (brotli and gzip at their highest levels); one that is there already is not
// compressed anew, since another release of Node may do that with other bytes.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { licences } from "./licences.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "..", "api", "static");
const SOURCES = [".", "examples"]
  .flatMap((folder) => readdirSync(join(HERE, folder)).map((name) => posix.join(folder, name)))
  .filter((name) => /\.(mjs|jsx?|css|html|json|graphql)$/.test(name))
  .sort();

const PAGES = [
  {
    name: "graphiql",
    entry: "graphiql.jsx",
    title: "Papershelf GraphQL",
    without:
      'This page needs JavaScript. The schema is at <a href="graphql/schema.graphql">' +
      "graphql/schema.graphql</a>; requests are JSON, by POST to this address.",
  },
  {
    name: "docs",
    entry: "docs.js",
    title: "Papershelf REST",
    without:
      'This page needs JavaScript. What it shows is at <a href="openapi.json">openapi.json</a>, ' +
      "an OpenAPI document.",
  },
];

const CODINGS = {
  br: {
    pack: (content) =>
      brotliCompressSync(content, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        },
      }),
    unpack: brotliDecompressSync,
  },
  gz: { pack: (content) => gzipSync(content, { level: 9, memLevel: 9 }), unpack: gunzipSync },
};

// GraphiQL's fonts, of which the style sheet carries 34 as data, are left to the reader's system.
const withoutFonts = {
  name: "without-fonts",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](graphiql|@graphiql[\\/][^\\/]+)[\\/]dist[\\/]style\.css$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8").replace(/@font-face\s*\{[^}]*\}/g, "");
      return { contents, loader: "css" };
    });
  },
};

const hash = (content) => createHash("sha256").update(content).digest("hex");

async function bundle(entry) {
  const built = await build({
    absWorkingDir: HERE,
    alias: { "react-style-singleton": "./adopted-styles.js" },
    bundle: true,
    define: { "process.env.NODE_ENV": '"production"' },
    entryPoints: [entry],
    format: "iife",
    jsx: "automatic",
    legalComments: "none",
    loader: { ".graphql": "text" },
    logLevel: "warning",
    metafile: true,
    minify: true,
    outdir: "out",
    plugins: [withoutFonts],
    target: ["chrome109", "firefox115", "safari16.4"],
    write: false,
  });
  return { files: built.outputFiles, inputs: Object.keys(built.metafile.inputs) };
}

function keep(name, content, files) {
  const entry = { size: content.length, sha256: hash(content) };
  for (const [suffix, { pack, unpack }] of Object.entries(CODINGS)) {
    const path = join(OUT, `${name}.${suffix}`);
    const known = existsSync(path) && unpack(readFileSync(path)).equals(content);
    const packed = known ? readFileSync(path) : pack(content);
    writeFileSync(path, packed);
    entry[suffix] = { size: packed.length, sha256: hash(packed) };
  }
  files[name] = entry;
}

mkdirSync(OUT, { recursive: true });
const assets = {};
const plain = {};
const inputs = [];
const template = readFileSync(join(HERE, "page.html"), "utf8");
for (const { name, entry, title, without } of PAGES) {
  const built = await bundle(entry);
  inputs.push(...built.inputs);
  const names = {};
  for (const { path, contents } of built.files) {
    const kind = path.endsWith(".css") ? "css" : "js";
    // What a browser shows of it says where its licences are.
    const content = Buffer.concat([Buffer.from("/*! Licences: licences.txt */\n"), contents]);
    names[kind] = `${name}-${hash(content).slice(0, 16)}.${kind}`;
    keep(names[kind], content, assets);
  }
  const values = { title, without, script: names.js, style: names.css };
  plain[`${name}.html`] = template.replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]);
}

const { text, packages } = licences(HERE, inputs);
plain["licences.txt"] = text;
for (const [name, content] of Object.entries(plain)) writeFileSync(join(OUT, name), content);

const described = (names, read) =>
  Object.fromEntries(names.map((name) => [name, { sha256: hash(read(name)) }]));
const manifest = {
  about: "Made by web/build.mjs (`make assets`). Checked by tests/api/test_assets.py.",
  packages,
  sources: described(SOURCES, (name) => readFileSync(join(HERE, name))),
  plain: described(Object.keys(plain).sort(), (name) => plain[name]),
  assets,
};
writeFileSync(join(OUT, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);

const wanted = new Set(["manifest.json", ...Object.keys(plain)]);
for (const name of Object.keys(assets)) {
  for (const suffix of Object.keys(CODINGS)) wanted.add(`${name}.${suffix}`);
}
for (const name of readdirSync(OUT)) if (!wanted.has(name)) rmSync(join(OUT, name));
for (const [name, { size, br, gz }] of Object.entries(assets)) {
  console.log(`${name}: ${size} bytes, br ${br.size}, gz ${gz.size}`);
}
