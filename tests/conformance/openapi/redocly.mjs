// The description under Redocly's recommended rules, its warnings counted as errors.

import { writeFileSync } from 'node:fs';
import { command, verdict, versions, writeDescription } from './judge.mjs';

await writeDescription();
writeFileSync('redocly.yaml', 'extends: [recommended-strict]\n');
const { stdout, stderr } = command(
  '@redocly/cli/bin/cli.js',
  ...['lint', 'openapi.json', '--config', 'redocly.yaml', '--format', 'json'],
);
let report;
try {
  report = JSON.parse(stdout);
} catch {
  throw new Error(`redocly said: ${stdout} ${stderr}`);
}
verdict(
  `${versions('@redocly/cli')}, recommended-strict`,
  report.problems.map(
    ({ ruleId, message, location }) => `${ruleId} at ${location?.[0]?.pointer}: ${message}`,
  ),
);
