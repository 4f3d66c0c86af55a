// A front end of the usual kind: typed documents, fragments that only their component can read.

import { strict as assert } from 'node:assert';
import { useFragment, graphql } from './generated/index.js';
import type { TypedDocumentString } from './generated/graphql.js';

const BASE = process.env['CONFORMANCE_URL'] ?? '';

const ITEM = graphql(`
  fragment Item on Paper {
    id
    title
    publishedAt
    publishedPrecision
    createdSeq
    authors { name }
    links { url kind }
    externalIds { arxiv doi }
  }
`);
const LIST = graphql(`
  query List(
    $query: String, $match: Match, $filter: PaperFilter, $orderBy: [PaperOrder!],
    $first: Int, $after: String
  ) {
    papers(
      query: $query, match: $match, filter: $filter, orderBy: $orderBy, first: $first, after: $after
    ) {
      totalCount
      matched
      edges {
        score
        highlights { field fragments { text match } }
        node { ...Item }
      }
      facets(size: 3) { year { values { value count } missingCount } }
      warnings { code message position suggestion }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
const ONE = graphql(`
  query One($id: ID!) {
    paper(id: $id) { ...Item abstract sources { name sha256 start end } }
    stats { papers storePosition engine publishedFrom }
  }
`);

type Failure = { message: string; extensions: { code: string } };

async function execute<TResult, TVariables>(
  document: TypedDocumentString<TResult, TVariables>,
  ...[variables]: TVariables extends Record<string, never> ? [] : [TVariables]
): Promise<{ data: TResult | null; errors?: Failure[] }> {
  const answer = await fetch(`${BASE}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
    },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  return (await answer.json()) as { data: TResult | null; errors?: Failure[] };
}

async function rest(path: string): Promise<any> {
  const answer = await fetch(BASE + path);
  assert.equal(answer.status, 200);
  return answer.json();
}

async function walk(): Promise<number> {
  const expected = await rest(
    '/v1/papers?q=model&match=any&from=2025&sort=-publishedAt,title&limit=100&facets=year&facetSize=3&highlight=true',
  );
  const seen: unknown[] = [];
  let after: string | null | undefined = null;
  do {
    const { data }: Awaited<ReturnType<typeof page>> = await page(after);
    assert(data);
    const { papers } = data;
    assert.equal(papers.totalCount, expected.meta.total);
    assert.equal(papers.matched, 'ANY');
    assert.deepEqual(
      papers.facets.year?.values.map(({ value, count }) => [value, count]),
      expected.facets.year.values.map((each: any) => [each.value, each.count]),
    );
    for (const { node, highlights } of papers.edges) {
      const { id, title, publishedAt, createdSeq, authors, externalIds } = useFragment(ITEM, node);
      seen.push([id, title, publishedAt, createdSeq, authors, externalIds.arxiv, highlights]);
    }
    after = papers.pageInfo.hasNextPage ? papers.pageInfo.endCursor : null;
  } while (after);
  const wanted = expected.data.map((paper: any) => [
    paper.id, paper.title, paper.publishedAt, paper.createdSeq, paper.authors,
    paper.externalIds.arxiv, paper.search.highlights,
  ]);
  assert.deepEqual(seen, wanted);
  return seen.length;
}

function page(after: string | null | undefined) {
  return execute(LIST, {
    query: 'model',
    match: 'ANY',
    filter: { publishedAt: { from: '2025' } },
    orderBy: [{ field: 'PUBLISHED_AT', direction: 'DESC' }, { field: 'TITLE' }],
    first: 4,
    after,
  });
}

async function one(): Promise<void> {
  const [listed] = (await rest('/v1/papers?q=alignment&limit=1')).data;
  const wanted = (await rest(`/v1/papers/${listed.id}`)).data;
  const { data } = await execute(ONE, { id: listed.id });
  assert(data?.paper);
  assert.equal(data.paper.abstract, wanted.abstract);
  assert.deepEqual(data.paper.sources, wanted.sources);
  assert.equal(useFragment(ITEM, data.paper).title, wanted.title);
  assert.equal(data.stats.papers, (await rest('/v1/stats')).data.papers);
}

async function codedError(): Promise<void> {
  const { data, errors } = await execute(LIST, { filter: { year: ['next'] } });
  assert.equal(data, null);
  assert.equal(errors?.[0]?.extensions.code, 'parameter-invalid');
}

const papers = await walk();
await one();
await codedError();
console.log(papers);
