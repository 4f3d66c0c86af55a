// What introspection tells is what the schema's text says, for graphql-js.

import {
  buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema,
} from 'graphql';
import assert from 'node:assert/strict';
import { endpoint, schemaText, versions } from './judge.mjs';

const OPTIONS = { specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true };

const answer = await fetch(endpoint, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
  },
  body: JSON.stringify({ query: getIntrospectionQuery(OPTIONS) }),
});
const { data, errors } = await answer.json();
assert.equal(errors, undefined);

const told = buildClientSchema(data);
const written = buildSchema(await schemaText());
const inOrder = (schema) => printSchema(lexicographicSortSchema(schema));
assert.equal(inOrder(told), inOrder(written));
const types = Object.keys(told.getTypeMap()).filter((name) => !name.startsWith('__'));
console.log(`${versions('graphql')}: introspection equals the text, ${types.length} types`);
