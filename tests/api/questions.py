"""Random questions that REST and GraphQL can both put, and what each door answers to them."""

import random
import re
from dataclasses import dataclass, replace
from typing import Any

from schema.filters import FILTERS, FilterSpec
from schema.search import SORT_FIELDS
from tests.api.client import Client

DOCUMENT = """query Ask($query: String, $match: Match, $filter: PaperFilter,
  $orderBy: [PaperOrder!], $first: Int, $after: String, $last: Int, $before: String,
  $extras: Boolean = false) {
  papers(query: $query, match: $match, filter: $filter, orderBy: $orderBy,
         first: $first, after: $after, last: $last, before: $before) {
    edges { score node { id }
      highlights @include(if: $extras) { field fragments { text match } }
      explanation @include(if: $extras) {
        fullMatch missing parts { kind term matched field count weight score } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount totalAll matched revision
    warnings { code position length suggestion }
    facets(size: 3) @include(if: $extras) {
      year { ...counts } month { ...counts } hasCode { ...counts } source { ...counts } }
  }
}
fragment counts on Facet { values { value count selected } totalValues otherCount missingCount }
"""
FACETS = "year,month,hasCode,source"

GOOD: dict[str, list[str]] = {
    "author": ["Yann LeCun", "nobody"],
    "category": ["cs.CL", "CS.cl"],
    "year": ["2023", "2023-2024", "2024-", "-2023", "2025"],
    "from": ["2023", "2024-11", "2025-02-01"],
    "to": ["2024", "2025-06", "2025-01-31"],
    "month": ["2023-07", "2025-08"],
    "listedOn": ["2025-12-12", "2025-12-11"],
    "listedWeek": ["2025-W50", "2025-W49"],
    "listedMonth": ["2025-12", "2025-11"],
    "minAuthors": ["1", "5", "20"],
    "maxAuthors": ["4", "60"],
    "minComments": ["1", "2", "3"],
    "hasCode": ["true", "false"],
    "source": ["daily-papers-2025-12-12.txt", "other.txt"],
    "ids": ["arxiv:2407.09941", "doi:10.1000/x"],
}
BAD: dict[str, list[str]] = {
    "year": ["20x5", "2025-2024-2023", "", "-"],
    "from": ["2025-13", "yesterday", "2025-02-30"],
    "to": ["0000", "soon"],
    "month": ["2025", "2025-00"],
    "listedOn": ["2025-12", "12.12.2025"],
    "listedWeek": ["2025-W54", "W50"],
    "listedMonth": ["2025-12-12"],
    "minAuthors": ["-1"],
    "maxAuthors": ["-7"],
    "ids": ["not an id", "arxiv:x"],
    "author": ["", "   "],
}
BAD_QUERIES = ["(" * 30 + "deep", "a" * 80, " ".join(["x"] * 2100), " OR ".join("abcdefgh" * 10),
               "aa* bb* cc* dd* ee* ff*"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A search in the words of REST; filters as (name, value) pairs."""

    q: str | None = None
    match: str | None = None
    filters: tuple[tuple[str, str], ...] = ()
    sort: str | None = None
    limit: int | None = None
    cursor: str | None = None
    backward: bool = False
    extras: bool = False

    def parameters(self) -> list[tuple[str, str]]:
        """The question as URL parameters."""
        named = {"q": self.q, "match": self.match, "sort": self.sort}
        if self.backward:
            named["before"] = self.cursor or "end"
        else:
            named["cursor"] = self.cursor
        given = [(name, value) for name, value in named.items() if value is not None]
        if self.limit is not None:
            given.append(("limit", str(self.limit)))
        if self.extras:
            given += [("facets", FACETS), ("facetSize", "3"), ("highlight", "true")]
            given.append(("explain", "true"))
        return [*given, *self.filters]

    def variables(self) -> dict[str, Any]:
        """The question as GraphQL variables."""
        order = [
            {
                "field": re.sub("([A-Z])", r"_\1", key.lstrip("-")).upper(),
                "direction": "DESC" if key.startswith("-") else "ASC",
            }
            for key in (self.sort or "").split(",")
            if key
        ]
        return {
            "query": self.q,
            "match": self.match and self.match.upper(),
            "filter": self._filter() or None,
            "orderBy": order or None,
            "extras": self.extras,
        } | (
            {"last": 20 if self.limit is None else self.limit, "before": self.cursor}
            if self.backward
            else {"first": self.limit, "after": self.cursor}
        )

    def _filter(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for spec in FILTERS:
            values = [_typed(spec, value) for name, value in self.filters if name == spec.name]
            if values:
                *parents, leaf = spec.graphql.split(".")
                target = made
                for parent in parents:
                    target = target.setdefault(parent, {})
                target[leaf] = values if spec.repeatable else values[0]
        return made


def _typed(spec: FilterSpec, value: str) -> Any:
    if spec.field in ("authorCount", "comments"):
        return int(value)
    return value == "true" if spec.field == "has" else value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door said, in terms that both share. `code` is None unless it was an error."""

    code: str | None = None
    faults: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    scores: tuple[float | None, ...] = ()
    total: int = 0
    total_all: int = 0
    matched: str = ""
    revision: str = ""
    more: bool = False
    fewer: bool = False
    warnings: tuple[tuple[Any, ...], ...] = ()
    facets: dict[str, Any] | None = None
    highlights: tuple[Any, ...] = ()
    explanations: tuple[Any, ...] = ()


Cursors = tuple[str | None, str | None]


def ask_rest(client: Client, question: Question) -> tuple[Answer, Cursors]:
    """REST's answer, and the cursors of the next and the previous page."""
    response = client.get("/v1/papers", question.parameters())
    body = response.json()
    if response.status_code != 200:
        assert 400 <= response.status_code < 500
        faults = tuple(sorted(fault["code"] for fault in body["errors"]))
        return Answer(body["code"], faults), (None, None)
    meta = body["meta"]
    answer = Answer(
        ids=tuple(paper["id"] for paper in body["data"]),
        scores=tuple(paper.get("search", {"score": None})["score"] for paper in body["data"]),
        total=meta["total"],
        total_all=meta["totalAll"],
        matched=meta["matched"],
        revision=meta["revision"],
        more=meta["nextCursor"] is not None,
        fewer=meta["previousCursor"] is not None,
        warnings=_warnings(meta["warnings"]),
        facets=body["facets"],
        highlights=tuple(
            paper.get("search", {"highlights": []})["highlights"] for paper in body["data"]
        )
        if question.extras
        else (),
        explanations=tuple(
            paper.get("search", {"explanation": None})["explanation"] for paper in body["data"]
        )
        if question.extras
        else (),
    )
    return answer, (meta["nextCursor"], meta["previousCursor"])


def ask_graphql(client: Client, question: Question) -> tuple[Answer, Cursors]:
    """GraphQL's answer, and the cursors of the next and the previous page."""
    body = client.graphql(DOCUMENT, **question.variables())
    if body.get("errors"):
        (error,) = body["errors"]
        code, faults = error["extensions"]["code"], error["extensions"].get("errors", ())
        return Answer(code, tuple(sorted(fault["code"] for fault in faults))), (None, None)
    papers = body["data"]["papers"]
    info = papers["pageInfo"]
    more, fewer = info["hasNextPage"], info["hasPreviousPage"]
    answer = Answer(
        ids=tuple(edge["node"]["id"] for edge in papers["edges"]),
        scores=tuple(edge["score"] for edge in papers["edges"]),
        total=papers["totalCount"],
        total_all=papers["totalAll"],
        matched=papers["matched"].lower(),
        revision=papers["revision"],
        more=more,
        fewer=fewer,
        warnings=_warnings(papers["warnings"]),
        facets=papers.get("facets"),
        highlights=tuple(edge["highlights"] for edge in papers["edges"]) if question.extras else (),
        explanations=tuple(_as_in_rest(edge["explanation"]) for edge in papers["edges"])
        if question.extras
        else (),
    )
    return answer, (info["endCursor"] if more else None, info["startCursor"] if fewer else None)


def _as_in_rest(explanation: dict[str, Any] | None) -> dict[str, Any] | None:
    parts = explanation["parts"] if explanation else ()
    for part in parts:
        part["kind"] = part["kind"].lower()
    return explanation


def _warnings(given: list[dict[str, Any]]) -> tuple[tuple[Any, ...], ...]:
    members = ("code", "position", "length", "suggestion")
    return tuple(tuple(warning[member] for member in members) for warning in given)


def random_query(chance: random.Random, words: list[str]) -> str:
    """A query of one to four pieces of the language, most of them plain words."""
    pieces = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        word, other = chance.choice(words), chance.choice(words)
        pieces.append(
            chance.choice(
                [word, word, word, f'"{word} {other}"', f"-{word}", f"title:{word}", f"{word} OR",
                 f"({word} OR {other})", f"{word[:4]}*", "year:2023..2025", "has:code",
                 f"colour:{word}",
                 f"NOT {word}", f"{word} AND {other}", '"', "published:[2024-01 TO 2025-06]"]
            )
        )  # fmt: skip
    return " ".join(pieces)


def random_question(chance: random.Random, words: list[str], *, wrong: bool) -> Question:
    """A question; a `wrong` one has at least one fault that both doors must find."""
    names = chance.sample(list(GOOD), chance.choice([0, 0, 0, 0, 1, 2]))
    filters = tuple((name, chance.choice(GOOD[name])) for name in names)
    keys = [key for key in SORT_FIELDS if key != "relevance"]
    sort = chance.choice([None, None, "relevance", *keys])
    if sort and sort != "relevance":
        sort = chance.choice(["", "-"]) + sort
        if chance.random() < 0.3:
            second = chance.choice([key for key in keys if key != sort.lstrip("-")])
            sort += f",{second}"
    question = Question(
        q=random_query(chance, words) if chance.random() < 0.8 else None,
        match=chance.choice([None, None, "all", "any", "auto"]),
        filters=filters,
        sort=sort,
        limit=chance.choice([None, 1, 2, 3, 5, 100]),
        backward=chance.random() < 0.2,
        extras=chance.random() < 0.3,
    )
    return _spoilt(chance, question) if wrong else question


def _spoilt(chance: random.Random, question: Question) -> Question:
    kind = chance.choice(["filter", "filter", "limit", "cursor", "query", "sort"])
    if kind == "filter":
        name = chance.choice(list(BAD))
        others = tuple(pair for pair in question.filters if pair[0] != name)
        return replace(question, filters=(*others, (name, chance.choice(BAD[name]))))
    if kind == "limit":
        return replace(question, limit=chance.choice([101, 1000, -1]))
    if kind == "cursor":
        return replace(question, cursor=chance.choice(["abc", "AAAA" * 20, "=", "x" * 2000]))
    if kind == "query":
        return replace(question, q=chance.choice(BAD_QUERIES))
    return replace(question, sort="title,-comments,authorCount")
