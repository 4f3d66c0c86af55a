"""Valid traffic as data: kinds of requests, each with what its answer must be."""

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from bench.traffic import Exchange, Facts, Kind, Walk, get, page_of, papers, want
from bench.wire import CODINGS, Reply, Wrong, request

SORTS = ("-publishedAt", "title", "-comments", "trending,-publishedAt", "listedAt", "-authorCount")
SMALL = 1024
"""Bytes of a body below which it need not be compressed."""
NODES = "nodes { id title abstract publishedAt authorCount authors { name } links { url kind } }"
PAGE = """query Page($q: String, $first: Int) {
  papers(query: $q, match: ALL, first: $first) { totalCount %s }
}"""
EDGES = "pageInfo { hasNextPage endCursor } edges { cursor score highlights { field } node { id } }"
INTROSPECTION = "{ __schema { queryType { name } types { name kind fields { name } } } }"


def _search(chance: random.Random, facts: Facts) -> Exchange:
    words, low = chance.choice(sorted(facts.totals.items()))
    target = papers(q=words, match="all", limit=20)
    return get(target, lambda body: page_of(body, low, low + facts.extra, 20))


def _free_search(chance: random.Random, facts: Facts) -> Exchange:
    first, second = chance.sample(facts.words, 2)
    text = chance.choice(
        (f"{first} {second}", f'"{first} {second}"', f"{first} -{second}", f"{first[:4]}*",
         f"{first}~1", f"title:{first} OR {second}", f"{first} year:2025", second)
    )  # fmt: skip
    high = facts.papers + facts.extra
    return get(papers(q=text), lambda body: page_of(body, 0, high, 20))


def _list(chance: random.Random, facts: Facts) -> Exchange:
    limit = chance.choice((5, 20, 20, 100))
    high = facts.papers + facts.extra
    target = papers(sort=chance.choice(SORTS), limit=limit)
    return get(target, lambda body: page_of(body, facts.papers, high, limit))


def _by_id(chance: random.Random, facts: Facts) -> Exchange:
    key = chance.choice(sorted(facts.titles))

    def check(body: Any) -> None:
        want(body["data"]["id"] == key, f"{body['data']['id']!r} for {key!r}")
        want(body["data"]["title"] == facts.titles[key], "another title")

    return get(f"/v1/papers/{quote(key)}", check)


def _related(chance: random.Random, facts: Facts) -> Exchange:
    key = chance.choice(sorted(facts.titles))

    def check(body: Any) -> None:
        scores = [paper["search"]["score"] for paper in body["data"]]
        want(len(scores) == 5, f"{len(scores)} related papers")
        want(scores == sorted(scores, reverse=True), "related papers in another order")
        want(key not in (paper["id"] for paper in body["data"]), "a paper related to itself")

    return get(f"/v1/papers/{quote(key)}/related?limit=5", check)


def _suggest(chance: random.Random, facts: Facts) -> Exchange:
    first, second = chance.sample(facts.words, 2)
    text = chance.choice((first[:3], f"{first} {second[:2]}", f"{first[:2]}x{first[2:6]}"))

    def check(body: Any) -> None:
        want(len(body["data"]) <= 10, f"{len(body['data'])} suggestions")
        counts = [each["count"] for each in body["data"] if each["kind"] != "title"]
        want(0 not in counts, f"a suggestion that finds nothing for {text!r}")

    return get(f"/v1/suggest?q={quote(text)}", check)


def _ways_out(chance: random.Random, facts: Facts) -> Exchange:
    word = chance.choice(facts.words)
    at = chance.randrange(len(word))
    text = chance.choice((f"{word[:at]}q{word[at:]} year:1900", f"{word} zq{word}"))

    def check(body: Any) -> None:
        meta = body["meta"]
        least = min((each["totalAll"] for each in meta["alternatives"]), default=meta["total"] + 1)
        want(least > meta["totalAll"], f"a way out that finds no more for {text!r}")

    return get(papers(q=text, match="all"), check)


def _unknown(chance: random.Random, facts: Facts) -> Exchange:
    def check(reply: Reply) -> None:
        want((reply.status, reply.code) == (404, "paper-not-found"), f"{reply.status} {reply.code}")

    return Exchange(request("GET", f"/v1/papers/unknown-{chance.randrange(10**9)}"), check)


def _batch(chance: random.Random, facts: Facts) -> Exchange:
    ids = [*chance.sample(sorted(facts.titles), 20), "unknown"]

    def check(reply: Reply) -> None:
        want(reply.status == 200, f"{reply.status} {reply.code}")
        found = [paper and paper["id"] for paper in reply.json()["data"]]
        want(found == [*ids[:-1], None], "a batch in another order")

    body = json.dumps({"ids": ids}).encode()
    return Exchange(request("POST", "/v1/papers/batch", body=body), check, "POST")


def _daily(chance: random.Random, facts: Facts) -> Exchange:
    day = chance.choice(facts.days)

    def check(body: Any) -> None:
        want(body["meta"]["date"] == day, f"the day {body['meta']['date']}, not {day}")
        want(0 < len(body["data"]) <= body["meta"]["total"], "a day without papers")

    return get(f"/v1/daily/{day}", check)


def _facets(chance: random.Random, facts: Facts) -> Exchange:
    words = chance.choice(sorted(facts.totals))
    wanted = chance.choice(("year", "month", "hasCode,year"))

    def check(body: Any) -> None:
        for name in wanted.split(","):
            facet = body["facets"][name]
            counted = sum(value["count"] for value in facet["values"])
            pairs = counted + facet["otherCount"] + facet["missingCount"]
            want(pairs == body["meta"]["total"], f"{name}: {pairs} of {body['meta']['total']}")

    return get(papers(q=words, facets=wanted), check)


def _authors(chance: random.Random, facts: Facts) -> Exchange:
    name = chance.choice(facts.authors)

    def check(body: Any) -> None:
        values = {each["value"]: each for each in body["facets"]["author"]["values"]}
        chosen = [each for each in values.values() if each["selected"]]
        want(len(chosen) == 1, f"{len(chosen)} chosen authors")
        want(chosen[0]["count"] == body["meta"]["total"], "an author's count is not their total")

    return get(papers(author=name, facets="author"), check)


def _highlights(chance: random.Random, facts: Facts) -> Exchange:
    words = chance.choice(sorted(facts.totals))

    def check(body: Any) -> None:
        want(body["data"], "no papers")
        for paper in body["data"]:
            for each in paper["search"]["highlights"]:
                text = "".join(fragment["text"] for fragment in each["fragments"])
                want(text in paper[each["field"]], "a highlight that is not in the text")

    return get(papers(q=words, match="all", highlight="true"), check)


def _explanations(chance: random.Random, facts: Facts) -> Exchange:
    words = chance.choice(sorted(facts.totals))

    def check(body: Any) -> None:
        want(body["data"], "no papers")
        for paper in body["data"]:
            score, parts = paper["search"]["score"], paper["search"]["explanation"]["parts"]
            apart = abs(sum(part["score"] for part in parts) - score)
            want(apart <= 1e-6 * score, f"parts of a score of {score} are {apart} apart")

    return get(papers(q=words, explain="true"), check)


def _walk(chance: random.Random, facts: Facts) -> Exchange:
    words, low = chance.choice(sorted(facts.totals.items()))
    sort = chance.choice((*SORTS, "relevance"))
    limit = chance.choice((7, 20))
    walk = Walk(papers(q=words, match="all", sort=sort, limit=limit), low, low + facts.extra, limit)
    return walk.ask("")


def _conditional(chance: random.Random, facts: Facts) -> Exchange:
    target = papers(sort=chance.choice(SORTS), limit=20)

    def first(reply: Reply) -> Exchange | None:
        want(reply.status == 200, f"{reply.status} {reply.code}")
        tag = reply.headers.get("etag")
        if tag is None:
            raise Wrong("no ETag")
        again = request("GET", target, f"If-None-Match: {tag}")
        return Exchange(again, lambda other: second(reply, other))

    def second(before: Reply, after: Reply) -> None:
        same = after.headers.get("etag") == before.headers["etag"]
        want(after.status == (304 if same else 200), f"{after.status}, same tag: {same}")

    return Exchange(request("GET", target), first)


def _compressed(chance: random.Random, facts: Facts) -> Exchange:
    coding = chance.choice(CODINGS)
    words, low = chance.choice(sorted(facts.totals.items()))
    exchange = get(
        papers(q=words, match="all"),
        lambda body: page_of(body, low, low + facts.extra, 20),
        f"Accept-Encoding: {coding}",
    )

    def check(reply: Reply) -> Exchange | None:
        small = len(reply.content()) < SMALL
        want(small or reply.headers.get("content-encoding") == coding, f"not {coding}")
        return exchange.check(reply)

    return Exchange(exchange.sent, check)


def _head(chance: random.Random, facts: Facts) -> Exchange:
    target = f"/v1/papers/{quote(chance.choice(sorted(facts.titles)))}"

    def check(reply: Reply) -> None:
        want(reply.status == 200 and int(reply.headers["content-length"]) > 0, f"{reply.status}")

    return Exchange(request("HEAD", target), check, "HEAD")


def _options(chance: random.Random, facts: Facts) -> Exchange:
    target = chance.choice(("/v1/papers", "/v1/papers/batch", "/graphql", "/v1/stats"))

    def check(reply: Reply) -> None:
        want(reply.status == 204 and "OPTIONS" in reply.headers["allow"], f"{reply.status}")

    return Exchange(request("OPTIONS", target), check, "OPTIONS")


def _preflight(chance: random.Random, facts: Facts) -> Exchange:
    lines = ("Origin: https://front.example", "Access-Control-Request-Method: POST")

    def check(reply: Reply) -> None:
        want(reply.status == 204, f"{reply.status}")
        want("access-control-allow-origin" in reply.headers, "an origin that is not allowed")

    return Exchange(request("OPTIONS", "/graphql", *lines), check, "OPTIONS")


def _plain(chance: random.Random, facts: Facts) -> Exchange:
    target = chance.choice(("/", "/healthz", "/readyz", "/v1/stats", "/graphql/schema.graphql"))

    def check(reply: Reply) -> None:
        want(reply.status == 200 and reply.body, f"{reply.status} for {target}")

    return Exchange(request("GET", target), check)


def graphql(document: str, check: Callable[[Any], None], **variables: object) -> Exchange:
    """A POST whose answer has data that `check` takes, and no errors."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    return Exchange(request("POST", "/graphql", body=body), _data(check), "POST")


def _data(check: Callable[[Any], None]) -> Callable[[Reply], None]:
    def checked(reply: Reply) -> None:
        want(reply.status == 200 and not reply.code, f"{reply.status} {reply.code}")
        check(reply.json()["data"])

    return checked


def _connection(facts: Facts, low: int, limit: int) -> Callable[[Any], None]:
    def check(data: Any) -> None:
        found = data["papers"]
        rows = found.get("nodes") or [edge["node"] for edge in found["edges"]]
        body = {"meta": {"total": found["totalCount"]}, "data": rows}
        page_of(body, low, low + facts.extra, limit)

    return check


def _graphql_page(chance: random.Random, facts: Facts) -> Exchange:
    words, low = chance.choice(sorted(facts.totals.items()))
    document = PAGE % chance.choice((NODES, EDGES))
    return graphql(document, _connection(facts, low, 20), q=words, first=20)


def _graphql_get(chance: random.Random, facts: Facts) -> Exchange:
    words, low = chance.choice(sorted(facts.totals.items()))
    variables = json.dumps({"q": words, "first": 5})
    target = f"/graphql?{urlencode({'query': PAGE % 'nodes { id }', 'variables': variables})}"
    return Exchange(request("GET", target), _data(_connection(facts, low, 5)))


def _persisted(chance: random.Random, facts: Facts) -> Exchange:
    """Apollo's automatic persisted queries: the hash, and where that is not known the text too."""
    words, low = chance.choice(sorted(facts.totals.items()))
    document = f"# {chance.randrange(40)}\n" + PAGE % "nodes { id title }"
    digest = hashlib.sha256(document.encode()).hexdigest()
    body: dict[str, Any] = {
        "variables": {"q": words, "first": 20},
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}},
    }
    check = _data(_connection(facts, low, 20))

    def first(reply: Reply) -> Exchange | None:
        if reply.code == "PERSISTED_QUERY_NOT_FOUND":
            whole = json.dumps(body | {"query": document}).encode()
            return Exchange(request("POST", "/graphql", body=whole), check, "POST")
        check(reply)
        return None

    sent = request("POST", "/graphql", body=json.dumps(body).encode())
    return Exchange(sent, first, "POST")


def _introspection(chance: random.Random, facts: Facts) -> Exchange:
    def check(data: Any) -> None:
        want(data["__schema"]["queryType"]["name"] == "Query", "another schema")

    return graphql(INTROSPECTION, check)


KINDS: tuple[Kind, ...] = (
    Kind("search", 20, _search),
    Kind("free search", 12, _free_search),
    Kind("list", 8, _list),
    Kind("by id", 15, _by_id),
    Kind("unknown id", 2, _unknown),
    Kind("batch", 4, _batch),
    Kind("daily", 4, _daily),
    Kind("facets", 4, _facets),
    Kind("author's papers", 2, _authors),
    Kind("highlights", 4, _highlights),
    Kind("explanations", 3, _explanations),
    Kind("related", 3, _related),
    Kind("suggestions", 4, _suggest),
    Kind("ways out", 3, _ways_out),
    Kind("walk", 3, _walk),
    Kind("conditional", 4, _conditional),
    Kind("compressed", 6, _compressed),
    Kind("head", 2, _head),
    Kind("options", 1, _options),
    Kind("preflight", 2, _preflight),
    Kind("plain", 3, _plain),
    Kind("graphql page", 10, _graphql_page),
    Kind("graphql get", 4, _graphql_get),
    Kind("persisted query", 4, _persisted),
    Kind("introspection", 1, _introspection),
)
