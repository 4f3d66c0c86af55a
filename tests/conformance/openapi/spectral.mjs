// The description under Spectral: all rules of its OpenAPI ruleset, those off by default too.

import { writeFileSync } from 'node:fs';
import { command, verdict, versions, writeDescription } from './judge.mjs';

await writeDescription();
writeFileSync('ruleset.json', JSON.stringify({ extends: [['spectral:oas', 'all']] }));
const { status, stdout, stderr } = command(
  '@stoplight/spectral-cli/dist/index.js',
  ...['lint', 'openapi.json', '--ruleset', 'ruleset.json'],
  ...['--format', 'json', '--quiet', '--fail-severity', 'hint', '--fail-on-unmatched-globs'],
);
if (status > 1) throw new Error(`spectral ended with ${status}: ${stdout} ${stderr}`);
const found = JSON.parse(stdout);
verdict(
  `${versions('@stoplight/spectral-cli')}, all rules`,
  found.map(({ code, path, message }) => `${code} at ${path.join('.')}: ${message}`),
);
