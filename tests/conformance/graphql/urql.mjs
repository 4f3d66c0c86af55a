// urql with graphcache: schema awareness, relayPagination, one cached paper for all queries.

import assert from 'node:assert/strict';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { getIntrospectionQuery } from 'graphql';
import { ask, endpoint, rest, versions } from './judge.mjs';

const WALK = gql`
  query Walk($query: String, $first: Int, $after: String) {
    papers(query: $query, first: $first, after: $after) {
      totalCount
      edges { cursor node { id title hasCode links { url kind } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const DETAIL = gql`
  query Detail($id: ID!) { node(id: $id) { id ... on Paper { title abstract } } }
`;
const TITLES = gql`
  query Titles($id: ID!) { paper(id: $id) { id title } }
`;
const DAILY = gql`
  { daily(first: 3) { date totalCount papers { id title externalIds { arxiv } } } }
`;

// What has no identity of its own is kept within what holds it.
const VALUES = [
  'DailyPage', 'ExternalIds', 'Facet', 'FacetValue', 'Facets', 'Fragment', 'Highlight', 'Link',
  'Author', 'QueryWarning', 'Source', 'Stats',
];

// graphcache tells by the console what it cannot do with a schema or an answer.
const complaints = [];
for (const level of ['warn', 'error']) console[level] = (...words) => complaints.push(words);

const introspected = await ask(getIntrospectionQuery());
const requests = [];

function client() {
  const cache = cacheExchange({
    schema: introspected,
    keys: Object.fromEntries(VALUES.map((name) => [name, () => null])),
    resolvers: {
      Query: {
        papers: relayPagination(),
        paper: (_, { id }) => ({ __typename: 'Paper', id }),
      },
    },
  });
  const counting = (url, options) => {
    requests.push(String(options.body));
    return fetch(url, options);
  };
  return new Client({
    url: endpoint, exchanges: [cache, fetchExchange], fetch: counting, preferGetMethod: false,
  });
}

async function data(urql, document, variables) {
  const result = await urql.query(document, variables).toPromise();
  if (result.error) throw result.error;
  return result.data;
}

/** Page after page into one list of the cache: each paper once, in REST's order. */
async function walk(urql, query) {
  const expected = await rest(`/v1/papers?q=${encodeURIComponent(query)}&limit=100`);
  let papers;
  let after = null;
  do {
    ({ papers } = await data(urql, WALK, { query, first: 6, after }));
    assert.equal(papers.totalCount, expected.meta.total);
    after = papers.pageInfo.endCursor;
  } while (papers.pageInfo.hasNextPage);
  const seen = papers.edges.map(({ node: { id, title, hasCode, links } }) => {
    return { id, title, hasCode, links: links.map(({ url, kind }) => [url, kind.toLowerCase()]) };
  });
  const wanted = expected.data.map(({ id, title, hasCode, links }) => {
    return { id, title, hasCode, links: links.map(({ url, kind }) => [url, kind]) };
  });
  assert.deepEqual(seen, wanted);
  return seen;
}

const urql = client();
const list = await walk(urql, 'alignment');
const others = await walk(urql, 'optimal transport');

// A paper of the list is known by its id without a request, and completed by `node`.
const before = requests.length;
const { paper } = await data(urql, TITLES, { id: list[7].id });
assert.equal(paper.title, list[7].title);
assert.equal(requests.length, before);
const { node } = await data(urql, DETAIL, { id: list[7].id });
assert.equal(node.abstract, (await rest(`/v1/papers/${list[7].id}`)).data.abstract);

const { daily } = await data(urql, DAILY, {});
const day = await rest('/v1/daily?limit=3');
assert.equal(daily.date, day.meta.date);
assert.deepEqual(daily.papers.map(({ id }) => id), day.data.map(({ id }) => id));

const wrong = await client().query(WALK, { query: 'alignment', first: 2, after: 'x' }).toPromise();
assert.equal(wrong.error.graphQLErrors[0].extensions.code, 'cursor-invalid');

for (const words of complaints) console.log(...words);
assert.equal(complaints.length, 0);
console.log(
  `${versions('@urql/core', '@urql/exchange-graphcache')}: relayPagination over ` +
    `${list.length}, ${others.length} papers, known by id, coded errors`,
);
