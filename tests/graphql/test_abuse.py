"""Documents and variables made to cost a lot: refused, or answered, for the CPU of a few pages.

Each kind is as large as the limits that stand ahead of it let it be. Measured is what the event
loop spends, as multiples of a plain page of 20 in the same run.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_introspection_query

from api.graphql import GraphQLDoor
from api.graphql.documents import Refused
from api.graphql.errors import MAX_MESSAGE, request_error
from api.graphql.request import GraphQLRequest
from api.pool import Pool
from index.shelf import Shelf

PAGE = "{papers(first: 20) {nodes {id title publishedAt authorCount comments}}}"
MOST = 350
"""Pages of 20 that an answer may cost: 30 ms where a page takes 0.09 ms. The worst takes 170."""
MOST_BYTES = 12_000
"""Of a refusal, whatever a client sent."""


def nested(depth: int) -> str:
    return "{" + "a {" * depth + "id" + "}" * depth + "}"


def chain(count: int, inner: str) -> str:
    """Fragments that each spread the next one twice: 2^count fields when written out."""
    links = "".join(f" fragment F{i} on Query {{...F{i + 1} ...F{i + 1}}}" for i in range(count))
    return f"{{...F0}}{links} fragment F{count} on Query {{{inner}}}"


def each(count: int, words: str) -> str:
    return " ".join(words.replace("#", str(number)) for number in range(count))


LIMITED = {
    "aliases": "{" + each(5000, "a#: stats {papers}") + "}",
    "aliases within the tokens": "{" + each(31, "a#:__typename") + "}",
    "aliases of lists": "{" + each(6, "a#: daily {date}") + "}",
    "repeated fields": "{" + "a " * 16_000 + "}",
    "repeated fields with selections": "{" + "stats {papers} " * 200 + "}",
    "repeated fields below": "{stats {papers} paper(id: 1) {" + "links {url} " * 40 + "}}",
    "repeated arguments": "{" + 'paper(id: "a") {id} ' * 60 + "}",
    "the same field": "{stats {" + "engine " * 300 + "}}",
    "fields": "{stats {" + "engine " * 301 + "}}",
    "tokens": "{stats {" + "engine " * 2500 + "}}",
    "comments": "#\n" * 600 + "{stats {papers}}",
    "lines": "\n" * 30_000 + "{" + each(300, "n#") + "}",
    "carriage returns": "\r" * 30_000 + "{" + each(300, "n#") + "}",
    "characters": " " * 40_000 + "{stats {papers}}",
    "operations": each(2000, "query a# {a}"),
    "operations within the tokens": each(390, "query a# {__typename}"),
    "fragments": "{...f0}" + each(1400, "fragment f# on Q {a}"),
    "fragments within the tokens": "{...F0}" + each(270, "fragment F# on Query {a}"),
    "doubling fragments": chain(25, "stats {papers}"),
    "fragments of fragments": "{...F0}"
    + "".join(f" fragment F{i} on Query {{a {each(9, f'...F{i + 1}')}}}" for i in range(49))
    + " fragment F49 on Query {a}",
    "cycles of fragments": "{...F0}"
    + "".join(f" fragment F{i} on Query {{{each(18, '...F#')}}}" for i in range(50)),
    "depth": nested(15),
    "depth of braces": "{a" * 900 + "}" * 900,
    "endless braces": "{a" * 15_000,
    "inline fragments": "{" + "...{" * 31 + "__typename" + "}" * 31 + "}",
    "wide inline fragments": "{" + "...{__typename}" * 290 + "}",
    "directives": "{stats {papers " + "@a" * 16_000 + "}}",
    "deep list": "{paper(id: " + "[" * 900 + "]" * 900 + ") {id}}",
    "deep object": "{papers(filter: " + "{year:" * 500 + "1" + "}" * 500 + ") {totalCount}}",
    "wide object": "{papers(filter: {" + each(600, "publishedA#:1") + "}) {matched}}",
    "wide default": "query ($f: PaperFilter = {" + each(600, "a#:1") + "}) {__typename}",
    "many ids": "{nodes(ids: [" + "9 " * 1900 + "]) {id}}",
    "introspections": "{a: __schema {description} b: __schema {description}}",
    "aliased introspection": "{__schema {" + each(6, "a#: types {name}") + "}}",
}
"""Refused with `graphql-limit`."""

INVALID = {
    "unknown fields": "{" + each(290, "f#" + "y" * 90) + "}",
    "fields that nearly exist": "{papers {nodes {" + each(290, "published#") + "}}}",
    "long unknown names": "{" + each(10, "papers" * 500 + "#") + "}",
    "one long name": "{" + "papers" * 5000 + "}",
    "unknown arguments": "{papers(" + each(600, "fir#: 1") + ") {matched}}",
    "long unknown arguments": "{papers(" + each(20, "a" * 1500 + "#: 1") + ") {matched}}",
    "unknown types": "{" + each(140, "...on P#" + "y" * 80 + "{a}") + "}",
    "unknown directives": "{stats {papers " + "@no" * 990 + "}}",
    "repeated directives": "{stats {papers " + "@skip(if:true) " * 280 + "}}",
    "unknown members": "{papers(orderBy: ["
    + ("{" + each(14, "directio#:1") + "}") * 30
    + "]) {matched}}",
    "objects that lack members": "{papers(orderBy: [" + "{a:1}" * 380 + "]) {matched}}",
    "unknown values": "{papers(orderBy: [" + "{field: PUBLISHED_ATX}" * 300 + "]) {matched}}",
    "a long unknown value": "{papers(match: " + "A" * 30_000 + ") {matched}}",
    "lists in lists": "{papers(filter: {ids: " + "[" * 180 + "]" * 180 + "}) {matched}}",
    "objects in objects": "{papers(filter: " + "{a:" * 180 + "1" + "}" * 180 + ") {matched}}",
    "a long integer": "{papers(first: " + "9" * 32_000 + ") {matched}}",
    "a long fraction": "{papers(first: 1." + "9" * 32_000 + ") {matched}}",
    "a great exponent": "{papers(first: 1e" + "9" * 32_000 + ") {matched}}",
    "unused variables": "query (" + each(390, "$v#: Int") + ") {__typename}",
    "variables of unknown types": "query (" + each(390, "$v#: Pape#") + ") {__typename}",
    "variables of one name": "query (" + "$v: Int " * 390 + ") {__typename}",
    "undefined variables": "{" + each(30, "a#: paper(id: $x#) {id}") + "}",
    "an undefined variable in many operations": "fragment A on Query {papers(first: $n) {matched}}"
    + each(50, " query a# {...A}"),
    "fields in conflict": "{" + each(30, 'a: paper(id: "#") {id}') + "}",
    "leaves in conflict": "{papers {nodes {" + each(14, "a: id a: title") + "}}}",
    "a cycle": "{...A} fragment A on Query {...B} fragment B on Query {...A ...B}",
    "introspection in circles": "{__schema {types {fields {type {fields {type {fields {type {"
    "fields {type {name}}}}}}}}}}}",
}
"""Refused with `graphql-validation`, and errors that are bounded."""

ANSWERED = {
    "a long text": '{papers(query: "' + "x" * 32_000 + '") {totalCount}}',
    "a long text of escapes": '{papers(query: "' + "\\u0041" * 5400 + '") {totalCount}}',
    "a block of text": '{papers(query: """' + "\n x" * 2900 + '""") {totalCount}}',
    "a block of escapes": '{papers(query: """' + '\\"""' * 8000 + '""") {totalCount}}',
    "one comment": "#" + "x" * 32_000 + "\n{__typename}",
    "commas": "," * 32_000 + "{__typename}",
    "conditions": "{stats {" + "papers @skip(if:true) @include(if:false) " * 120 + "}}",
    "fragments that overlap": "{papers {nodes {"
    + each(48, "...F#")
    + "}}}"
    + each(48, " fragment F# on Paper {id title abstract comments}"),
    "selections that overlap": "{papers {" + "nodes {authors {name} links {url kind}} " * 10 + "}}",
    "introspection": get_introspection_query(),
    "introspection that overlaps": "{__schema {"
    + "types{fields{args{type{name kind}} type{ofType{ofType{fields{name}}}}}}" * 25
    + "}}",
}
"""Within all limits."""

TYPED = """query ($f: PaperFilter, $o: [PaperOrder!], $s: String, $n: Int, $d: Date) {
  papers(query: $s, first: $n, filter: $f, orderBy: $o) {totalCount} daily(date: $d) {date}
}"""


def deep(levels: int, member: str | None = None) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if member is None else {member: value}
    return value


VARIABLES: dict[str, Any] = {
    "a deep list": {"f": {"year": deep(1200)}},
    "a deep list unused": {"x": deep(1200)},
    "a deep object": {"f": deep(1200, "year")},
    "unknown members": {"f": {f"publishedA{number}": 1 for number in range(1400)}},
    "long unknown members": {"f": {f"{'p' * 70}{number}": 1 for number in range(1400)}},
    "one long member": {"f": {"p" * 100_000: 1}},
    "wrong objects": {"o": [{"field": "X" * 80} for _ in range(700)]},
    "a long enum value": {"o": [{"field": "PUBLISHED" * 10_000}]},
    "a long integer": {"n": "9" * 120_000},
    "a large integer": {"n": 2**63 - 1},
    "a long day": {"d": "x" * 120_000},
    "a long text": {"s": "x " * 60_000},
    "many ids": {"f": {"ids": ["a" * 80 for _ in range(1400)]}},
    "too many values": {"f": {"ids": [[[]]] * 40_000}},
    "many variables": {f"v{number}": number for number in range(1400)},
}


class Meter:
    """Asks a door in this thread, and says what that took."""

    def __init__(self, shelf: Shelf, pool: Pool) -> None:
        self._door = GraphQLDoor(shelf, pool)
        self._runner = asyncio.Runner()
        self._asked = 0
        for _ in range(20):
            self.ask(PAGE, {})

    def ask(self, document: str, variables: dict[str, Any]) -> tuple[str, list[Any], float]:
        """The code of a refusal, the errors, and seconds of CPU of the event loop's thread."""

        async def answer() -> tuple[str, list[Any]]:
            try:
                body = await self._door.execute(GraphQLRequest(document, variables))
            except Refused as refused:
                return refused.code, [
                    request_error(error, refused.code) for error in refused.errors
                ]
            return "", body.get("errors", [])

        began = time.thread_time()
        code, errors = self._runner.run(answer())
        return code, errors, time.thread_time() - began

    def pages(self, document: str, variables: dict[str, Any]) -> float:
        """What a document costs that is not known yet, in pages of 20: the best of three times."""
        costs, pages = [], []
        for _ in range(3):
            self._asked += 1
            costs.append(self.ask(document + " " * self._asked, variables)[2])
            pages += [self.ask(PAGE, {})[2] for _ in range(20)]
        return min(costs) / min(pages)

    def close(self) -> None:
        self._runner.close()


@pytest.fixture(scope="module")
def meter(shelf: Shelf, pool: Pool) -> Iterator[Meter]:
    meter = Meter(shelf, pool)
    yield meter
    meter.close()


def length(errors: list[Any]) -> int:
    assert all(len(error["message"]) <= MAX_MESSAGE + 1 for error in errors)
    return len(str(errors).encode())


@pytest.mark.parametrize("name", LIMITED)
def test_what_exceeds_a_limit_is_refused_at_once(meter: Meter, name: str) -> None:
    code, errors, _ = meter.ask(LIMITED[name], {})
    assert code == "graphql-limit"
    assert len(errors) == 1
    assert any(char.isdigit() for char in errors[0]["message"]) or "deeply" in errors[0]["message"]
    assert length(errors) < MOST_BYTES
    assert meter.pages(LIMITED[name], {}) < MOST


@pytest.mark.parametrize("name", INVALID)
def test_validation_gives_up_early(meter: Meter, name: str) -> None:
    code, errors, _ = meter.ask(INVALID[name], {})
    assert code == "graphql-validation"
    assert 0 < len(errors) <= 11
    assert length(errors) < MOST_BYTES
    assert meter.pages(INVALID[name], {}) < MOST


@pytest.mark.parametrize("size", [101, -(2**31)])
def test_many_wrong_sizes_are_told_in_brief(meter: Meter, size: int) -> None:
    facets = each(30, "f#: facets(size: $n) {year {missingCount}}")
    document = f"query ($n: Int) {{papers {{{facets}}}}}"
    _, errors, _ = meter.ask(document, {"n": size})
    assert [error["extensions"]["code"] for error in errors] == ["parameter-invalid"] * 10
    assert meter.pages(document, {"n": size}) < MOST


def test_a_large_fragment_in_many_operations_is_read_for_the_one_asked(meter: Meter) -> None:
    fragments = chain(7, "__typename").removeprefix("{...F0}")
    document = each(50, "query q# {...F0}") + fragments
    code, _, _ = meter.ask(document, {})
    assert code == "graphql-request-invalid"
    assert meter.pages(document, {}) < MOST


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_within_the_limits_is_answered_soon(meter: Meter, name: str) -> None:
    code, errors, _ = meter.ask(ANSWERED[name], {})
    assert code == ""
    assert length(errors) < MOST_BYTES
    assert meter.pages(ANSWERED[name], {}) < MOST


@pytest.mark.parametrize("name", VARIABLES)
def test_hostile_variables_cost_little(meter: Meter, name: str) -> None:
    variables = VARIABLES[name]
    _, errors, _ = meter.ask(TYPED, variables)
    assert length(errors) < MOST_BYTES
    assert meter.pages(TYPED, variables) < MOST
