"""Hostile traffic as data: what is sent, which refusals are right, and how it must end."""

import gzip
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, urlencode

from bench.wire import request
from schema.search import FACETS

BIG_HEADER = 25 * 2**20
PIPELINED = 100
"""Requests in a row, as many as one connection may have."""
SHELF = "/v1/papers"
BATCH = "/v1/papers/batch"
CLOSE = "Connection: close"
OK = ""
"""Where the code of a refusal might stand: answered."""


Send = Callable[[random.Random, Sequence[str]], Iterable[bytes]]
"""Makes the bytes of an attack, from chance and words that the shelf's papers have."""


class Ending(Enum):
    """What the client does once all is sent, and what the server must do."""

    KEPT = "the connection serves another request"
    CLOSED = "the server hangs up"
    LEAVES = "the client closes its side; nothing need come"
    RESETS = "the client resets in the middle of the answer"
    WAITS = "the client never goes on; the server must hang up by its own time limits"
    DEAF = "the client does not read; the server must not hold its answers for ever"


@dataclass(frozen=True, slots=True)
class Attack:
    """`send` makes the bytes, a piece at a time; `codes` are those that each reply may have.

    A server that hangs up in the midst of what is sent may lose its reply with it (a reset drops
    what is under way), so a missing reply is right wherever it hangs up.
    """

    name: str
    send: Send
    codes: tuple[str, ...]
    ending: Ending = Ending.KEPT
    replies: int = 1


def _get(target: str, *lines: str) -> Send:
    return lambda chance, words: (request("GET", target, *lines),)


def _query(make: Callable[[random.Random, Sequence[str]], str], **more: str) -> Send:
    """A search for a text that is made anew each time."""

    def send(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
        return (request("GET", f"{SHELF}?{urlencode({'q': make(chance, words)} | more)}"),)

    return send


def _post(target: str, body: bytes, *lines: str) -> Send:
    return lambda chance, words: (request("POST", target, *lines, body=body),)


def _document(text: str, **members: object) -> Send:
    return _post("/graphql", json.dumps({"query": text} | members).encode())


def _raw(*parts: bytes) -> Send:
    return lambda chance, words: parts


def _lines(*lines: str, method: str = "GET", target: str = "/v1/stats", body: bytes = b"") -> Send:
    """A head of exactly these lines."""
    head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", *lines))
    return _raw(head.encode("latin-1") + b"\r\n" + body)


def _posted(*lines: str, body: bytes = b"") -> Send:
    head = ("Host: soak", "Content-Type: application/json", *lines)
    return _lines(*head, method="POST", target=BATCH, body=body)


def _big_header(chance: random.Random, words: Sequence[str]) -> Iterator[bytes]:
    yield b"GET /v1/stats HTTP/1.1\r\nHost: soak\r\nX-Big: "
    for _ in range(BIG_HEADER // 65_536):
        yield b"a" * 65_536
    yield b"\r\n\r\n"


def _many_headers(chance: random.Random, words: Sequence[str]) -> Iterator[bytes]:
    yield b"GET /v1/stats HTTP/1.1\r\nHost: soak\r\n"
    for number in range(200):
        yield b"".join(b"X-%d-%d: a\r\n" % (number, each) for each in range(100))
    yield b"\r\n"


def _long_head(chance: random.Random, words: Sequence[str]) -> Iterator[bytes]:
    """An address that never ends."""
    yield b"GET /v1/papers?q="
    for _ in range(64):
        yield b"a" * 16_384


def _half_head(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    whole = request("GET", "/v1/papers?q=model", "Accept: application/json")
    return (whole[: chance.randrange(1, len(whole) - 4)],)


def _half_body(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    target = chance.choice((BATCH, "/graphql"))
    whole = request("POST", target, body=b'{"ids": ["%b"]}' % (b"x" * 500))
    return (whole[: len(whole) - chance.randrange(1, 500)],)


def _random_bytes(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (b"\x00" + chance.randbytes(chance.randrange(1, 2000)) + b"\r\n\r\n",)


def _percent_soup(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    pieces = ("%", "%z", "%00", "%ff", "%2f", "%2e%2e", "%ED%A0%80", "%25", "/", "a", "%0d%0a", "%")
    soup = "".join(chance.choices(pieces, k=chance.randrange(1, 200)))
    targets = (f"{SHELF}/x{soup}", f"{SHELF}?q={soup}", f"{SHELF}?{soup}", f"/x{soup}",
               f"/graphql?query={soup}", f"/v1/daily/{soup}")  # fmt: skip
    return (request("GET", chance.choice(targets)),)


def _pipeline(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    targets = (f"{SHELF}?limit=1", "/v1/stats", "/nowhere", f"{SHELF}?limit=0", "/healthz")
    return (b"".join(request("GET", chance.choice(targets)) for _ in range(PIPELINED)),)


def _flood(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (request("GET", f"{SHELF}?q={chance.choice(words)}&limit=1") * 20 * PIPELINED,)


def _deaf(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    word = chance.choice(words)
    return (request("GET", f"{SHELF}?q={word}&limit=100&match=any") * 40,)


def _wildcards(chance: random.Random, words: Sequence[str]) -> str:
    return " ".join(f"{word[:2]}*{word[-1]}" for word in chance.sample(words, 4))


def _prefixes(chance: random.Random, words: Sequence[str]) -> str:
    return " OR ".join(f"{word[:2]}*" for word in chance.sample(words, 4))


def _fuzzy(chance: random.Random, words: Sequence[str]) -> str:
    long = [word for word in words if len(word) > 4]
    return " ".join(f"{word}~2" for word in chance.sample(long, 4))


def _everything(chance: random.Random, words: Sequence[str]) -> str:
    return " ".join(chance.choices(words, k=400))[:3999]


def _forged(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    alphabet = "ABCDEFabcdef0123456789-_=.~"
    cursor = "".join(chance.choices(alphabet, k=chance.choice((1, 40, 200, 4000))))
    name = chance.choice(("cursor", "before"))
    return (request("GET", f"{SHELF}?q={chance.choice(words)}&{name}={cursor}"),)


def _unknown_ids(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    ids = [f"arxiv:{chance.randrange(10**4):04d}.{chance.randrange(10**5):05d}" for _ in range(500)]
    return (request("POST", BATCH, body=json.dumps({"ids": ids}).encode()),)


def _all_authors(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    size = chance.randrange(1, 101)
    return (request("GET", f"{SHELF}?facets={','.join(FACETS)}&facetSize={size}&limit={size}"),)


def _deep(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    sort = chance.choice(("title", "-publishedAt", "comments", "trending", "authorCount"))
    limit = chance.randrange(1, 101)
    return (request("GET", f"{SHELF}?sort={sort}&before=end&limit={limit}"),)


def _aliases(count: int, each: str) -> str:
    return "{" + " ".join(f"a{number}: {each}" for number in range(count)) + "}"


def _self_referring(depth: int) -> str:
    start = '{ __type(name: "Query") '
    return start + "{ fields { type " * depth + "{ name }" + " } }" * depth + " }"


def _heavy_page(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    """The most that one operation may ask for."""
    return (request("POST", "/graphql", body=_lists(chance, words, 1)),)


def _too_heavy(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (request("POST", "/graphql", body=_lists(chance, words, 5)),)


def _lists(chance: random.Random, words: Sequence[str], count: int) -> bytes:
    node = "node { id title abstract abstractRaw authors { name } links { url kind } categories }"
    facets = " ".join(f"{name} {{ values {{ value count }} }}" for name in FACETS)
    aliased = " ".join(
        f'a{number}: papers(query: "{chance.choice(words)} {chance.choice(words)}", match: ANY, '
        f"first: 100) {{ facets(size: 100) {{ {facets} }} "
        f"edges {{ cursor score highlights {{ field fragments {{ text match }} }} {node} }} }}"
        for number in range(count)
    )
    return json.dumps({"query": f"{{{aliased}}}"}).encode()


def _churn(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (b"GET"[: chance.randrange(0, 4)],)


_STATS = b'{"query": "{stats {papers}}"}'
_HELLO = bytes.fromhex("16030100f8010000f40303") + b"\x5a" * 245
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
_BOMB = gzip.compress(b" " * 2**24)
_CHUNKED = "Transfer-Encoding: chunked"
_INJECTED = quote("x\r\nSet-Cookie: a=b\r\n\r\n<script>")

HEADER = ("header-invalid",)
MALFORMED = ("request-malformed",)
TOO_BIG = ("body-too-large",)
LIMITED = ("graphql-limit",)
ANSWERED = (OK, "time-budget")

ATTACKS: tuple[Attack, ...] = (
    # Bodies and documents
    Attack("deep JSON", _post("/graphql", b'{"query": ' + b"[" * 100_000), ("body-not-json",)),
    Attack(
        "deep variables",
        _post("/graphql", b'{"query": "{a}", "variables": ' + b'{"a":' * 20_000),
        ("body-not-json",),
    ),
    Attack("deep batch", _post(BATCH, b'{"ids": ' + b"[" * 100_000), ("body-not-json",)),
    Attack("200 kB integer", _post(BATCH, b'{"ids": [%b]}' % (b"9" * 200_000)), TOO_BIG),
    Attack(
        "100 kB integer",
        _post(BATCH, b'{"ids": [%b]}' % (b"9" * 100_000)),
        ("body-not-json", "body-invalid"),
    ),
    Attack("integer literal", _document("{papers(first: %s) {totalCount}}" % ("9" * 30_000)),
           ("graphql-validation", "graphql-limit", "graphql-coercion")),
    Attack("20,000 fields", _document("{stats {%s}}" % ("papers " * 20_000)), TOO_BIG),
    Attack("15,000 fields", _document("{stats {%s}}" % ("papers " * 15_000)), LIMITED),
    Attack("1,900 fields", _document("{stats {%s}}" % ("papers " * 1_900)), LIMITED),
    Attack("5,000 aliases", _document(_aliases(5000, "__typename")), LIMITED),
    Attack("600 aliases", _document(_aliases(600, "__typename")), LIMITED),
    Attack("self-referring", _document(_self_referring(6)), ("graphql-validation",)),
    Attack("self-referring, deeper", _document(_self_referring(40)), LIMITED),
    Attack("2,000 operations", _document("query q {__typename} " * 1_500), LIMITED),
    Attack("spread upon spread", _document(
        "{...f0} fragment f40 on Query {__typename} " + " ".join(
            f"fragment f{n} on Query {{...f{n + 1} ...f{n + 1}}}" for n in range(40))), LIMITED),
    Attack("heaviest page", _heavy_page, ANSWERED),
    Attack("too heavy a page", _too_heavy, LIMITED),
    Attack("gzip bomb", _post("/graphql", _BOMB, "Content-Encoding: gzip"),
           ("media-type-unsupported",)),
    Attack("500 unknown ids", _unknown_ids, ANSWERED),
    # Queries
    Attack("10 kB of parentheses", _query(lambda *_: "(" * 10_000), ("query-too-long",)),
    Attack("4 kB of parentheses", _query(lambda *_: "(" * 3_999), (OK, "query-too-deep")),
    Attack("wildcards", _query(_wildcards, highlight="true"), ANSWERED),
    Attack("prefixes", _query(_prefixes, limit="100", highlight="true"), ANSWERED),
    Attack("fuzzy words", _query(_fuzzy), ANSWERED),
    Attack("a text of 400 words", _query(_everything, limit="100", highlight="true"), ANSWERED),
    Attack("facets of everything", _all_authors, ANSWERED),
    Attack("last pages", _deep, ANSWERED),
    Attack("forged cursor", _forged, ("cursor-invalid",)),
    Attack("huge query string", _get(SHELF + "?q=" + "a" * 60_000),
           ("address-too-long",), Ending.CLOSED),
    Attack("5,000 parameters", _get(SHELF + "?" + "a=1&" * 5_000), ("parameter-invalid",)),
    Attack("percent soup", _percent_soup,
           (OK, "paper-not-found", "parameter-invalid", "parameter-unknown", "route-not-found",
            "graphql-request-invalid", "graphql-parse")),
    Attack("header injection", _get(f"{SHELF}/{_INJECTED}", "Origin: https://x\tSet-Cookie:a=b"),
           ("paper-not-found",)),
    # Heads
    Attack("25 MB header", _big_header, ("head-too-large",), Ending.CLOSED),
    Attack("20,000 headers", _many_headers, ("head-too-large",), Ending.CLOSED),
    Attack("endless address", _long_head, ("address-too-long",), Ending.CLOSED),
    Attack("two hosts", _lines("Host: a", "Host: b"), HEADER, Ending.CLOSED),
    Attack("no host", _lines("X: y"), HEADER, Ending.CLOSED),
    Attack("folded header", _lines("Host: soak", "X: y", " z"), MALFORMED, Ending.CLOSED),
    Attack("NUL in a header", _lines("Host: soak", "X: a\x00b"), MALFORMED, Ending.CLOSED),
    Attack("random bytes", _random_bytes, MALFORMED, Ending.CLOSED),
    Attack("TLS hello", _raw(_HELLO), MALFORMED, Ending.CLOSED),
    Attack("HTTP/2 preface", _raw(_PREFACE), MALFORMED, Ending.CLOSED),
    # Lengths
    Attack("bad chunk size", _posted(_CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n"), MALFORMED,
           Ending.CLOSED),
    Attack("huge chunk size", _posted(_CHUNKED, body=b"f" * 20 + b"\r\n"), MALFORMED,
           Ending.CLOSED),
    Attack("trailers", _posted(_CHUNKED, body=b'b\r\n{"ids": []}\r\n0\r\nHost: b\r\n\r\n'), (OK,)),
    Attack("length and chunks", _posted(_CHUNKED, "Content-Length: 4", body=b"0\r\n\r\n"),
           MALFORMED, Ending.CLOSED),
    Attack("two lengths", _posted("Content-Length: 4", "Content-Length: 5", body=b"{}   "),
           MALFORMED, Ending.CLOSED),
    Attack("negative length", _posted("Content-Length: -1"), MALFORMED, Ending.CLOSED),
    Attack("a length of 1 TB", _posted(f"Content-Length: {10**12}", body=b"{"), TOO_BIG,
           Ending.WAITS),
    Attack("too short a length", _posted("Content-Length: 2", body=b'{}"ids": []}\r\n\r\n'),
           ("body-invalid", "request-malformed"), Ending.CLOSED, replies=2),
    Attack("too long a length", _posted("Content-Length: 2000", body=b'{"ids": []}'), (),
           Ending.LEAVES),
    Attack("endless chunks", _posted(_CHUNKED, body=b"1\r\n \r\n" * 140_000), TOO_BIG,
           Ending.WAITS),
    # Manners
    Attack("pipeline", _pipeline, (OK, "parameter-invalid", "route-not-found"),
           replies=PIPELINED),
    Attack("flood of a pipeline", _flood, (OK, "server-busy"), Ending.CLOSED, replies=10**6),
    Attack("pipeline and away", _pipeline, (), Ending.RESETS),
    Attack("reset in an answer", _heavy_page, (), Ending.RESETS),
    Attack("churn", _churn, (), Ending.LEAVES),
    Attack("half a head", _half_head, (), Ending.WAITS),
    Attack("half a body", _half_body, (), Ending.WAITS),
    Attack("silence", _raw(), (), Ending.WAITS),
    Attack("deaf client", _deaf, (), Ending.DEAF),
)  # fmt: skip
ATTACK: dict[str, Attack] = {attack.name: attack for attack in ATTACKS}
