"""The JSON of answers, joined from the rows as they were rendered when they were written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from urllib.parse import urlencode

import orjson

from index.daily import DailyPage
from index.facets import Facet
from index.related import Related
from index.searches import Answer
from index.shelf import Stats
from schema.search import Alternative, Explanation, Hit, Match, Suggestion, SuggestionKind

Links = Mapping[str, str | None]


def page_json(answer: Answer, links: Links | None = None, base: str = "") -> bytes:
    """A page of a list or search: `data`, `meta`, `facets` and, where given, `links`.

    `base` stands before the links of alternatives.

    With a query each row gains `search: {score, highlights, explanation}`: score and explanation
    are null where nothing ranked, highlights and explanation where they were not asked for.
    """
    page = answer.page
    if page.request.q is None:
        data = b",".join(answer.rows)
    elif answer.highlights is None and answer.explanations is None:
        data = _scored(answer.rows, page.hits)
    else:
        none = [None] * len(page.hits)
        data = b",".join(
            b'%b,"search":%b}'
            % (
                row[:-1],
                orjson.dumps(
                    {
                        "score": hit.score,
                        "highlights": marked,
                        "explanation": explained and explanation_data(explained),
                    }
                ),
            )
            for row, hit, marked, explained in zip(
                answer.rows,
                page.hits,
                answer.highlights or none,
                answer.explanations or none,
                strict=True,
            )
        )
    meta = {
        "total": page.total,
        "totalAll": page.total_all,
        "matched": page.matched,
        "limit": page.request.limit,
        "nextCursor": page.next_cursor,
        "previousCursor": page.previous_cursor,
        "revision": page.revision,
        "warnings": [asdict(warning) for warning in page.warnings],
        "alternatives": [alternative_data(each, base) for each in answer.alternatives],
    }
    facets = None
    if answer.facets is not None:
        facets = {name: found and facet_data(found) for name, found in answer.facets.items()}
    return envelope(b"[%b]" % data, meta, links, facets=facets)


def _scored(rows: Sequence[bytes], hits: Sequence[Hit]) -> bytes:
    """Rows of a search that shows nothing of them but their scores."""
    return b",".join(
        b'%b,"search":{"score":%b,"highlights":null,"explanation":null}}'
        % (row[:-1], orjson.dumps(hit.score))
        for row, hit in zip(rows, hits, strict=True)
    )


def explanation_data(explanation: Explanation) -> dict[str, object]:
    """An explanation under its public names."""
    return {
        "fullMatch": explanation.full_match,
        "missing": list(explanation.missing),
        "parts": [
            {
                "kind": part.kind.value,
                "term": part.term,
                "matched": list(part.matched),
                "field": part.field,
                "count": part.count,
                "weight": part.weight,
                "score": part.score,
            }
            for part in explanation.parts
        ],
    }


def alternative_data(alternative: Alternative, base: str) -> dict[str, object]:
    """An alternative under its public names, with a link to its answer behind `base`."""
    q, parameters = alternative.q, alternative.parameters
    query = urlencode([*([("q", q)] if q else []), *parameters])
    return {
        "kind": alternative.kind.value,
        "message": alternative.message,
        "q": q,
        "parameters": [{"name": name, "value": value} for name, value in parameters],
        "total": alternative.total,
        "totalAll": alternative.total_all,
        "link": f"{base}/v1/papers?{query}" if query else f"{base}/v1/papers",
    }


def suggestion_data(suggestion: Suggestion, base: str) -> dict[str, object]:
    """A suggestion under its public names, with a link to what it stands for behind `base`."""
    kind, q = suggestion.kind, suggestion.q
    if suggestion.id is not None:
        link = f"/v1/papers/{suggestion.id}"
    elif kind is SuggestionKind.AUTHOR:
        link = f"/v1/papers?{urlencode({'author': suggestion.text})}"
    else:
        link = f"/v1/papers?{urlencode({'q': q, 'match': Match.ALL})}"
    return {
        "kind": kind.value,
        "text": suggestion.text,
        "fragments": [asdict(each) for each in suggestion.fragments],
        "q": q,
        "count": suggestion.count,
        "id": suggestion.id,
        "link": base + link,
    }


def suggestions_json(
    suggestions: Iterable[Suggestion], limit: int, revision: str, links: Links, base: str
) -> bytes:
    """Suggestions as a list."""
    data = orjson.dumps([suggestion_data(each, base) for each in suggestions])
    return envelope(data, {"limit": limit, "revision": revision}, links)


def facet_data(facet: Facet) -> dict[str, object]:
    """A facet under its public names."""
    return {
        "values": [asdict(value) for value in facet.values],
        "totalValues": facet.total_values,
        "otherCount": facet.other_count,
        "missingCount": facet.missing_count,
    }


def batch_json(rows: Iterable[bytes | None], revision: str, links: Links) -> bytes:
    """Rows for a list of ids, `null` for each unknown one."""
    data = b",".join(row or b"null" for row in rows)
    return envelope(b"[%b]" % data, {"revision": revision}, links)


def related_json(related: Related, links: Links) -> bytes:
    """Related papers as rows of a search, with their scores."""
    data = _scored(related.rows, related.hits)
    meta = {"limit": related.limit, "revision": related.revision}
    return envelope(b"[%b]" % data, meta, links)


def daily_json(page: DailyPage, links: Links) -> bytes:
    """The papers of a day by position."""
    meta = {
        "date": page.day,
        "previous": page.previous,
        "next": page.next,
        "total": page.total,
        "nextCursor": page.next_cursor,
        "revision": page.revision,
    }
    return envelope(b"[%b]" % b",".join(page.rows), meta, links)


def stats_data(stats: Stats) -> dict[str, object]:
    """Counts and positions under their public names."""
    return {
        "papers": stats.papers,
        "storePosition": stats.store_position,
        "indexPosition": stats.index_position,
        "engine": stats.engine,
        "publishedFrom": stats.published_from,
        "publishedTo": stats.published_to,
    }


def envelope(
    data: bytes,
    meta: Mapping[str, object],
    links: Links | None = None,
    **further: object,
) -> bytes:
    """`{"data", "meta"}` around data that is JSON already, then `further` and `links` if given."""
    parts = [b'{"data":', data, b',"meta":', orjson.dumps(meta)]
    for name, value in further.items():
        parts += [b',"%b":' % name.encode(), orjson.dumps(value)]
    if links is not None:
        parts += [b',"links":', orjson.dumps(links)]
    return b"".join([*parts, b"}"])
