// The licences of what is bundled, as one text: every package whose files went in, and what each
// says; equal texts once.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const OF_A_FILE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENCE_FILES = /^(licen[cs]e|copying|notice)(-mit)?(\.(md|txt|markdown))?$/i;

const ACCEPTED = /^\(?(MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|Python-2\.0)\b/;

// `inputs` are paths of bundled files below `folder`. Returns the text, and version by package.
// Throws where a package has no licence that we accept, or no text of it.
export function licences(folder, inputs) {
  const homes = [...new Set(inputs.map((path) => OF_A_FILE.exec(path)?.[1]).filter(Boolean))];
  const texts = new Map();
  const packages = {};
  for (const home of homes.sort()) {
    const about = JSON.parse(readFileSync(join(folder, home, "package.json"), "utf8"));
    const { name, version, license } = about;
    if (!ACCEPTED.test(license)) throw new Error(`${name} ${version}: licence ${license}`);
    const bundled = inputs.filter((path) => path.startsWith(`${home}/`));
    const notices = bundled.map((path) => `${path.slice(home.length + 1)}.LICENSE.txt`);
    const files = readdirSync(join(folder, home)).filter((file) => LICENCE_FILES.test(file));
    const found = [...files.sort(), ...notices.filter((file) => existsSync(join(folder, home, file)))];
    packages[name] = packages[name] ? `${packages[name]}, ${version}` : version;
    const title = `${name} ${version} (${license})`;
    const text = found.map((file) => tidy(readFileSync(join(folder, home, file), "utf8"))).join("\n\n");
    const said = text || withoutText(folder, about);
    texts.set(said, [...(texts.get(said) ?? []), title]);
  }
  const parts = [...texts].map(([text, titles]) => `${titles.join("\n")}\n\n${text}\n`);
  const rule = `\n${"=".repeat(80)}\n\n`;
  const head = "What the two pages of Papershelf are built from, and under which licences.\n";
  return { text: [head, ...parts].join(rule), packages };
}

// Some packages name the MIT licence and leave its text out: then our own copy of it is shown.
function withoutText(folder, { name, license, author, repository }) {
  if (license !== "MIT") throw new Error(`${name}: no text of the licence ${license}`);
  const ours = tidy(readFileSync(join(folder, "..", "LICENSE"), "utf8"));
  const holder = author?.name ?? author ?? `the authors of ${repository?.url ?? repository ?? name}`;
  return ours.replace(/^Copyright .*$/m, `Copyright (c) ${holder}`);
}

function tidy(text) {
  return text.replace(/\r\n?/g, "\n").replace(/[ \t]+$/gm, "").trim();
}
