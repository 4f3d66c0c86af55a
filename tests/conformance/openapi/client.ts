// What a front end does with the types that openapi-typescript makes of the description.

import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Paper = components['schemas']['Paper'];
type PaperRow = components['schemas']['PaperRow'];
type Code = components['schemas']['ProblemCode'];

let checks = 0;

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
  checks += 1;
}

function isRow(paper: object): paper is PaperRow {
  return 'abstract' in paper && 'externalIds' in paper;
}

/** Ask the server at an address; the number of checks that held. */
export async function use(baseUrl: string): Promise<number> {
  const client = createClient<paths>({ baseUrl });

  const ids: string[] = [];
  let cursor: string | null | undefined;
  do {
    const { data, error } = await client.GET('/v1/papers', {
      params: {
        query: {
          q: 'alignment',
          sort: ['-publishedAt', 'title'],
          limit: 15,
          year: ['2022-2024', '2025'],
          highlight: true,
          facets: ['year', 'hasCode'],
          ...(cursor ? { cursor } : {}),
        },
      },
    });
    check(error === undefined && data !== undefined, `a page: ${JSON.stringify(error)}`);
    for (const paper of data.data) {
      check(isRow(paper), 'a row is whole');
      const title: string = paper.title;
      const names: string[] | undefined = paper.authors?.map((author) => author.name);
      check(title.length > 0 && names === undefined, 'a title; the page gives no names');
      const marked = paper.search?.highlights?.flatMap((each) => each.fragments) ?? [];
      check(marked.some((fragment) => fragment.match), 'a highlight');
      ids.push(paper.id);
    }
    const years: number | undefined = data.facets?.year?.values.reduce((n, v) => n + v.count, 0);
    check(years !== undefined && years >= data.meta.total, 'the facet of years');
    cursor = data.meta.nextCursor;
  } while (cursor);
  check(ids.length > 30 && new Set(ids).size === ids.length, 'a walk meets every paper once');

  const some = await client.GET('/v1/papers', {
    params: { query: { ids: ids.slice(0, 3), fields: ['id', 'sources'], hasCode: false } },
  });
  check(some.data?.data.every((each) => Object.keys(each).length === 2) === true, 'two members');

  const first = ids[0];
  check(first !== undefined, 'an id');
  const one = await client.GET('/v1/papers/{id}', { params: { path: { id: first } } });
  const paper: Paper | undefined = one.data?.data;
  check(paper?.id === first && paper.abstractRaw.length > 0, 'a paper');

  const batch = await client.POST('/v1/papers/batch', { body: { ids: [first, 'nobody'] } });
  check(batch.data?.data[0]?.id === first && batch.data.data[1] === null, 'a batch');

  const day = await client.GET('/v1/daily/{date}', {
    params: { path: { date: '2025-12-12' }, query: { limit: 5 } },
  });
  check(day.data?.meta.total === 40 && day.data.links.next !== null, 'a day');
  const newest = await client.GET('/v1/daily');
  check(newest.data?.meta.date === '2025-12-12', 'the newest day');
  const stats = await client.GET('/v1/stats');
  check(stats.data?.data.papers === 40, 'the numbers');

  const wrong = await client.GET('/v1/papers', { params: { query: { limit: 1000 } } });
  const code: Code | undefined = wrong.error?.code;
  check(code === 'parameter-invalid', 'a problem');
  check(wrong.error?.errors[0]?.suggestion === '20', 'a suggestion');
  const missing = await client.GET('/v1/papers/{id}', { params: { path: { id: 'nobody' } } });
  check(missing.error?.code === 'paper-not-found', 'an unknown paper');

  const graphql = await client.POST('/graphql', { body: { query: '{ stats { papers } }' } });
  check(graphql.data?.errors === undefined && graphql.data?.data != null, 'GraphQL');
  const health = await client.GET('/healthz');
  const word: 'ok' | undefined = health.data?.status;
  check(word === 'ok', 'health');
  return checks;
}
