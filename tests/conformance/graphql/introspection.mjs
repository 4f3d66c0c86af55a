// What introspection tells is what the schema's text says, for graphql-js.

import assert from 'node:assert/strict';
import {
  buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema,
} from 'graphql';
import { ask, schemaText, versions } from './judge.mjs';

const OPTIONS = { specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true };

const told = buildClientSchema(await ask(getIntrospectionQuery(OPTIONS)));
const written = buildSchema(await schemaText());
const inOrder = (schema) => printSchema(lexicographicSortSchema(schema));
assert.equal(inOrder(told), inOrder(written));
const types = Object.keys(told.getTypeMap()).filter((name) => !name.startsWith('__'));
console.log(`${versions('graphql')}: introspection equals the text, ${types.length} types`);
