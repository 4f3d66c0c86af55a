// graphql-codegen's client preset; what it makes compiles strictly, and works.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { command, schemaText, versions } from './judge.mjs';

writeFileSync('schema.graphql', await schemaText());
writeFileSync('package.json', '{"type": "module"}');
mkdirSync('src');
copyFileSync(fileURLToPath(new URL('codegen/main.ts', import.meta.url)), 'src/main.ts');
const configuration = {
  schema: 'schema.graphql',
  documents: 'src/main.ts',
  generates: {
    './src/generated/': {
      preset: 'client',
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        scalars: { Date: 'string', Long: 'number' },
        strictScalars: true,
        useTypeImports: true,
        importExtension: '.js',
      },
    },
  },
};
writeFileSync('codegen.json', JSON.stringify(configuration));
command('@graphql-codegen/cli/cjs/bin.js', '--config', 'codegen.json');
command(
  'typescript/bin/tsc', '--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes',
  '--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--outDir', 'out', 'src/main.ts',
);
const run = spawnSync(process.execPath, ['out/main.js'], { encoding: 'utf8' });
if (run.status !== 0) console.log(run.stderr);
console.log(
  `${versions('@graphql-codegen/client-preset', 'typescript')}: compiles strictly, ` +
    `${Number(run.stdout)} papers through typed documents`,
);
process.exitCode = run.status === 0 ? 0 : 1;
