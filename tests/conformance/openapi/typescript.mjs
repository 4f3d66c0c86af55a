// A TypeScript client: types by openapi-typescript, requests by openapi-fetch, `tsc --strict`.

import { copyFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { base, succeed, versions, writeDescription } from './judge.mjs';

await writeDescription();
succeed('openapi-typescript/bin/cli.js', 'openapi.json', '--output', 'api.d.ts');
copyFileSync(new URL('client.ts', import.meta.url), 'client.ts');
writeFileSync('package.json', JSON.stringify({ type: 'module' }));
writeFileSync(
  'tsconfig.json',
  JSON.stringify({
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      target: 'ES2022',
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      types: [],
    },
    files: ['client.ts'],
  }),
);
succeed('typescript/bin/tsc', '--project', '.');
const { use } = await import(pathToFileURL('client.js').href);
const checks = await use(base);
console.log(
  `${versions('openapi-typescript', 'openapi-fetch', 'typescript')}: ` +
    `compiles under --strict, ${checks} checks`,
);
