// What the judges share: the server's address, its answers, and how a verdict is said.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const base = process.env.CONFORMANCE_URL;
export const endpoint = `${base}/graphql`;

/** The answer of REST at a path, by which the answers of GraphQL clients are judged. */
export async function rest(path) {
  const answer = await fetch(base + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** The schema in the schema definition language, as the server publishes it. */
export async function schemaText() {
  const answer = await fetch(`${endpoint}/schema.graphql`);
  if (!answer.ok) throw new Error(`schema.graphql: ${answer.status}`);
  return answer.text();
}

/** What a GraphQL document gives, asked for plainly. */
export async function ask(query, variables = {}) {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Run a command of an installed package; what it says is shown where it fails. */
export function command(script, ...options) {
  const file = fileURLToPath(new URL(`node_modules/${script}`, import.meta.url));
  const done = spawnSync(process.execPath, [file, ...options], { encoding: 'utf8' });
  if (done.status === 0) return;
  console.log(done.stdout, done.stderr);
  console.log(`${script} ended with ${done.status}`);
  process.exit(1);
}

/** Names and versions of installed packages: `relay-runtime 21.0.1, relay-compiler 21.0.1`. */
export function versions(...names) {
  const installed = names.map((name) => {
    const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
    return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
  });
  return installed.join(', ');
}
