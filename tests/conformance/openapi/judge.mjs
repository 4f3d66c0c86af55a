// What the judges share: the description as the server sends it, and how a verdict is said.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const base = process.env.CONFORMANCE_URL;

/** Write the description into `openapi.json` of the working folder. */
export async function writeDescription() {
  const answer = await fetch(`${base}/openapi.json`);
  if (!answer.ok) throw new Error(`openapi.json: ${answer.status} ${await answer.text()}`);
  writeFileSync('openapi.json', await answer.text());
}

/** Run a command of an installed package, without questions to its maker; what it said. */
export function command(script, ...options) {
  const file = fileURLToPath(new URL(`node_modules/${script}`, import.meta.url));
  const silent = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return spawnSync(process.execPath, [file, ...options], {
    encoding: 'utf8',
    env: { ...process.env, ...silent },
  });
}

/** The same for one that must not fail. */
export function succeed(script, ...options) {
  const { status, stdout, stderr } = command(script, ...options);
  if (status !== 0) {
    console.log(stdout, stderr);
    throw new Error(`${script} ended with ${status}`);
  }
  return stdout;
}

/** Names and versions of installed packages: `openapi-fetch 0.17.0, typescript 5.9.3`. */
export function versions(...names) {
  const installed = names.map((name) => {
    const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
    return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
  });
  return installed.join(', ');
}

/** Show findings, a line each, and the verdict as the last line. */
export function verdict(name, findings) {
  for (const finding of findings) console.log(finding);
  console.log(`${name}: ${findings.length} findings`);
  process.exitCode = findings.length ? 1 : 0;
}
