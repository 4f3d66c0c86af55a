// What the judges share: the server's address, its answers, and how a verdict is said.

import { readFileSync } from 'node:fs';

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

/** Names and versions of installed packages: `relay-runtime 21.0.1, relay-compiler 21.0.1`. */
export function versions(...names) {
  const installed = names.map((name) => {
    const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
    return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
  });
  return installed.join(', ');
}
