// Relay: documents compiled against the schema's text, and a store that pages and refetches.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import relay from 'relay-runtime';
import { command, endpoint, rest, schemaText, versions } from './judge.mjs';

const DOCUMENTS = `
import { graphql } from 'relay-runtime';

graphql\`
  query papersQuery($query: String, $first: Int, $after: String, $last: Int, $before: String) {
    ...papersWalk @arguments(first: $first, after: $after, last: $last, before: $before)
  }
\`;
graphql\`
  fragment papersWalk on Query
  @refetchable(queryName: "papersWalkQuery")
  @argumentDefinitions(
    first: { type: "Int" }, after: { type: "String" },
    last: { type: "Int" }, before: { type: "String" }
  ) {
    papers(query: $query, first: $first, after: $after, last: $last, before: $before)
      @connection(key: "papersWalk_papers") {
      totalCount
      edges { score node { id ...papersItem } }
    }
  }
\`;
graphql\`
  fragment papersItem on Paper { title authors { name } publishedAt }
\`;
graphql\`
  fragment papersDetail on Paper @refetchable(queryName: "papersDetailQuery") {
    title
    abstract
    sources { sha256 start end }
  }
\`;
graphql\`
  query papersNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id ...papersDetail @alias }
  }
\`;
`;

function compiled(text) {
  mkdirSync('src');
  writeFileSync('package.json', '{"type": "commonjs"}');
  writeFileSync('schema.graphql', text);
  writeFileSync('src/papers.js', DOCUMENTS);
  const config = {
    src: 'src',
    schema: 'schema.graphql',
    language: 'javascript',
    eagerEsModules: false,
    customScalarTypes: { Date: 'string', Long: 'number' },
  };
  writeFileSync('relay.config.json', JSON.stringify(config));
  command('relay-compiler/cli.js', 'relay.config.json');
  const require = createRequire(`${process.cwd()}/src/`);
  return (name) => require(`./__generated__/${name}.graphql.js`);
}

function environment() {
  const network = relay.Network.create(async ({ text, name }, variables) => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    return answer.json();
  });
  return new relay.Environment({ network, store: new relay.Store(new relay.RecordSource()) });
}

/** A list that loads more at either end, as usePaginationFragment does it. */
class Walk {
  constructor(environment) {
    this.environment = environment;
    this.fragment = artifact('papersWalk');
    this.metadata = relay.getPaginationMetadata(this.fragment, 'Walk');
    this.request = artifact('papersQuery');
    this.item = artifact('papersItem');
  }

  async start(variables) {
    const asked = { query, ...variables };
    await relay.fetchQuery(this.environment, this.request, asked).toPromise();
    const operation = relay.createOperationDescriptor(this.request, asked);
    const root = this.environment.lookup(operation.fragment).data;
    this.environment.retain(operation);
    this.selector = relay.getSingularSelector(this.fragment, root);
  }

  get papers() {
    return this.environment.lookup(this.selector).data.papers;
  }

  get titles() {
    return this.papers.edges.map(({ node }) => {
      const selector = relay.getSingularSelector(this.item, node);
      return this.environment.lookup(selector).data.title;
    });
  }

  async load(direction, count) {
    const { startCursor, endCursor } = this.papers.pageInfo;
    const variables = relay.getPaginationVariables(
      direction,
      count,
      direction === 'forward' ? endCursor : startCursor,
      { query, ...this.selector.variables },
      {},
      this.metadata.paginationMetadata,
    );
    const { paginationRequest } = this.metadata;
    await relay.fetchQuery(this.environment, paginationRequest, variables).toPromise();
  }
}

/** Forward over all pages: each paper once, in REST's order, with its scores. */
async function forward(walk) {
  await walk.start({ first: 7 });
  while (walk.papers.pageInfo.hasNextPage) {
    assert.equal(walk.papers.totalCount, expected.meta.total);
    await walk.load('forward', 7);
  }
  assert.deepEqual(walk.titles, titles);
  const scores = walk.papers.edges.map(({ score }) => score);
  assert.deepEqual(scores, expected.data.map(({ search }) => search.score));
  return `${titles.length} papers forward`;
}

/** From the middle to both ends. */
async function bothWays() {
  const whole = new Walk(environment());
  await whole.start({ first: 20 });
  const middle = new Walk(environment());
  await middle.start({ first: 5, after: whole.papers.edges[19].cursor });
  assert.deepEqual(middle.titles, titles.slice(20, 25));
  while (middle.papers.pageInfo.hasPreviousPage) await middle.load('backward', 6);
  assert.deepEqual(middle.titles, titles.slice(0, 25));
  while (middle.papers.pageInfo.hasNextPage) await middle.load('forward', 6);
  assert.deepEqual(middle.titles, titles);
  return 'both ways from the middle';
}

/** One record for each paper, under its id; a refetch by `node` completes it for everyone. */
async function refetch(walk) {
  const store = walk.environment;
  const source = store.getStore().getSource();
  const records = source.getRecordIDs().filter((id) => source.get(id).__typename === 'Paper');
  assert.deepEqual(records.sort(), expected.data.map(({ id }) => id).sort());
  const detail = relay.getRefetchMetadata(artifact('papersDetail'), 'Detail');
  assert.equal(detail.identifierInfo.identifierField, 'id');
  const { id, title } = expected.data[3];
  assert.equal(source.get(id).abstract, undefined);
  await relay.fetchQuery(store, detail.refetchableRequest, { id }).toPromise();
  const paper = (await rest(`/v1/papers/${id}`)).data;
  assert.equal(source.get(id).abstract, paper.abstract);
  assert.equal(walk.titles[3], title);
  const none = relay.fetchQuery(store, detail.refetchableRequest, { id: 'nobody' });
  assert.equal((await none.toPromise()).node, null);
  return 'refetch by node';
}

/** Several by `nodes`, in order, null for unknown ones. */
async function several() {
  const ids = [expected.data[5].id, 'nobody', expected.data[1].id];
  const asked = relay.fetchQuery(environment(), artifact('papersNodesQuery'), { ids });
  const { nodes } = await asked.toPromise();
  assert.deepEqual(nodes.map((each) => each?.id ?? null), [ids[0], null, ids[2]]);
  return 'nodes';
}

/** What is wrong is an error that a caller can tell by its code. */
async function codedError() {
  for (const [wrong, code] of [
    [{ first: 5, after: 'forged' }, 'cursor-invalid'],
    [{ first: -1 }, 'parameter-invalid'],
    [{ first: 5, last: 5 }, 'parameter-conflict'],
  ]) {
    const asked = relay.fetchQuery(environment(), artifact('papersQuery'), { query, ...wrong });
    await assert.rejects(asked.toPromise(), ({ source: { errors } }) => {
      return errors[0].extensions.code === code;
    });
  }
  return 'coded errors';
}

const artifact = compiled(await schemaText());
const query = 'alignment';
const expected = await rest(`/v1/papers?q=${query}&limit=100`);
const titles = expected.data.map((paper) => paper.title);
const walk = new Walk(environment());
const checks = [
  await forward(walk),
  await bothWays(),
  await refetch(walk),
  await several(),
  await codedError(),
];
console.log(`${versions('relay-compiler', 'relay-runtime')}: ${checks.join(', ')}`);
