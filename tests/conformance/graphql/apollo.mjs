// Apollo Client: relayStylePagination over all pages, one cached paper for all queries, and
// automatic persisted queries by GET.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { filter, firstValueFrom } from 'rxjs';
import { ask, endpoint, rest, versions } from './judge.mjs';

const WALK = gql`
  query Walk($query: String, $orderBy: [PaperOrder!], $first: Int, $after: String) {
    papers(query: $query, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      edges { cursor node { id title upvotes comments } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;
const DETAIL = gql`
  query Detail($id: ID!) { paper(id: $id) { id title abstract authors { name } } }
`;
const TITLE = gql`
  fragment Title on Paper { title abstract }
`;

const { __schema } = await ask('{ __schema { types { name possibleTypes { name } } } }');
const possibleTypes = Object.fromEntries(
  __schema.types
    .filter((type) => type.possibleTypes)
    .map((type) => [type.name, type.possibleTypes.map(({ name }) => name)]),
);

function client(link = new HttpLink({ uri: endpoint })) {
  const fields = { papers: relayStylePagination(['query', 'match', 'filter', 'orderBy']) };
  const cache = new InMemoryCache({ possibleTypes, typePolicies: { Query: { fields } } });
  return new ApolloClient({ cache, link });
}

/** fetchMore until the end: each paper once, in REST's order, the totals unchanged. */
async function walk(apollo, path, variables) {
  const expected = await rest(path);
  const watched = apollo.watchQuery({ query: WALK, variables: { ...variables, first: 9 } });
  const settled = () => firstValueFrom(watched.pipe(filter(({ loading }) => !loading)));
  const subscription = watched.subscribe({});
  let { papers } = (await settled()).data;
  while (papers.pageInfo.hasNextPage) {
    assert.equal(papers.totalCount, expected.meta.total);
    const { edges: known, pageInfo } = papers;
    const more = await watched.fetchMore({ variables: { after: pageInfo.endCursor } });
    assert.equal(more.data.papers.pageInfo.hasPreviousPage, true);
    ({ papers } = (await settled()).data);
    assert(papers.edges.length > known.length);
  }
  const { edges } = papers;
  subscription.unsubscribe();
  const seen = edges.map(({ node: { id, title, upvotes, comments } }) => {
    return { id, title, upvotes, comments };
  });
  const wanted = expected.data.map(({ id, title, upvotes, comments }) => {
    return { id, title, upvotes, comments };
  });
  assert.deepEqual(seen, wanted);
  return edges.length;
}

/** The paper of a list and the paper by id are one object of the cache. */
async function normalised(apollo) {
  const { data } = await rest('/v1/papers?q=alignment&limit=1');
  const [{ id, abstract, title }] = data;
  const reference = apollo.cache.identify({ __typename: 'Paper', id });
  assert.equal(apollo.cache.extract()[reference].abstract, undefined);
  await apollo.query({ query: DETAIL, variables: { id } });
  const cached = apollo.cache.readFragment({ id: reference, fragment: TITLE });
  assert.deepEqual({ ...cached }, { __typename: 'Paper', title, abstract });
  const none = await apollo.query({ query: DETAIL, variables: { id: 'nobody' } });
  assert.equal(none.data.paper, null);
}

/** What is wrong arrives as a GraphQL error with its code. */
async function codedError(apollo) {
  const variables = { query: 'alignment', first: 101 };
  const asked = apollo.query({ query: WALK, variables, fetchPolicy: 'network-only' });
  await assert.rejects(asked, (error) => {
    assert(CombinedGraphQLErrors.is(error));
    return error.errors[0].extensions.code === 'parameter-invalid';
  });
}

/** By its hash alone, then once with the text, and from then on by GET with the hash alone. */
async function persisted() {
  const asked = [];
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const counting = (uri, options) => {
    asked.push(`${options.method}${/"query":|[?&]query=/.test(`${uri}${options.body}`) ? ' text' : ''}`);
    return fetch(uri, options);
  };
  const link = () => createPersistedQueryLink({ sha256, useGETForHashedQueries: true })
    .concat(new HttpLink({ uri: endpoint, fetch: counting }));
  // Text that the server has not seen: the name of an operation is a part of it.
  const unique = gql(`query Fresh${Date.now()} { papers(query: "optimal transport") { totalCount } }`);
  const expected = (await rest('/v1/papers?q=optimal+transport')).meta.total;
  for (let round = 0; round < 3; round += 1) {
    const { data } = await client(link()).query({ query: unique });
    assert.equal(data.papers.totalCount, expected);
  }
  assert.deepEqual(asked, ['GET', 'POST text', 'GET', 'GET']);
}

const apollo = client();
const counts = [
  await walk(apollo, '/v1/papers?q=alignment&limit=100', { query: 'alignment' }),
  await walk(apollo, '/v1/papers?sort=-comments,title&limit=100', {
    orderBy: [{ field: 'COMMENTS', direction: 'DESC' }, { field: 'TITLE' }],
  }),
  await walk(apollo, '/v1/papers?q=optimal+transport&limit=100', { query: 'optimal transport' }),
];
await normalised(apollo);
await codedError(apollo);
await persisted();
console.log(
  `${versions('@apollo/client')}: fetchMore over ${counts.join(', ')} papers, one cache entry ` +
    'a paper, coded errors, persisted queries by GET',
);
