// The schema under graphql-schema-linter and @graphql-eslint.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { schemaText, versions } from './judge.mjs';

// Its rules of order: ours is the order in which a person reads (id, title, abstract, ...; arxiv
// ahead of openalex; min ahead of max), the same as in REST's JSON, and the tools that show a
// schema have no other to go by.
const UNUSED = new Set([
  'EnumValuesSortedAlphabetically',
  'InputObjectFieldsSortedAlphabetically',
  'InterfaceFieldsSortedAlphabetically',
  'TypeFieldsSortedAlphabetically',
]);

const require = createRequire(import.meta.url);
const { Configuration } = require('graphql-schema-linter').configuration;
const { validateSchemaDefinition } = require('graphql-schema-linter').validator;

/** Number of rules, and a line for each finding. */
function schemaLinter(definition) {
  const configuration = new Configuration({ definition });
  const all = configuration.getAllRules();
  const rules = all.filter((rule) => !UNUSED.has(rule.name));
  if (all.length - rules.length !== UNUSED.size) throw new Error('rules have other names now');
  const errors = validateSchemaDefinition({ definition }, rules, configuration);
  const lines = errors.map((error) => {
    const { line, column } = error.locations?.[0] ?? { line: 0, column: 0 };
    return `${line}:${column} ${error.message} (${error.ruleName})`;
  });
  return [rules.length, lines];
}

/** The same of @graphql-eslint. */
async function eslint(definition) {
  writeFileSync('schema.graphql', definition);
  const overrideConfigFile = fileURLToPath(new URL('eslint.config.mjs', import.meta.url));
  const linter = new ESLint({ overrideConfigFile });
  const { rules } = await linter.calculateConfigForFile('schema.graphql');
  const [result] = await linter.lintFiles(['schema.graphql']);
  const lines = result.messages.map(
    ({ line, column, message, ruleId }) => `${line}:${column} ${message} (${ruleId})`,
  );
  return [Object.keys(rules).length, lines];
}

const definition = await schemaText();
const [linterRules, linterFindings] = schemaLinter(definition);
const [eslintRules, eslintFindings] = await eslint(definition);
const findings = [...linterFindings, ...eslintFindings];
for (const finding of findings) console.log(finding);
console.log(
  `${versions('graphql-schema-linter')}: ${linterRules} rules, ` +
    `${versions('@graphql-eslint/eslint-plugin')}: ${eslintRules} rules, ` +
    `${findings.length} findings`,
);
process.exitCode = findings.length ? 1 : 0;
