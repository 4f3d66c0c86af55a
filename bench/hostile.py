"""What hostile clients send, and how an attack is described; `bench/attacks.py` has them all."""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlencode

from bench.wire import request
from schema.search import FACETS

BIG_HEADER = 25 * 2**20
PIPELINED = 100
"""Requests in a row, as many as one connection may have."""
SHELF = "/v1/papers"
BATCH = "/v1/papers/batch"
TOKEN = "token-of-a-server-under-attack"
SIGNED = f"Authorization: Bearer {TOKEN}"
"""What whoever writes must show: some of the hostile have it."""
OK = ""
"""Where the code of a refusal might stand: answered."""


Send = Callable[[random.Random, Sequence[str]], Iterable[bytes | float]]
"""Makes the bytes of an attack, and seconds to wait between them, from chance and words that the
shelf's papers have."""


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


def get(target: str, *lines: str) -> Send:
    return lambda chance, words: (request("GET", target, *lines),)


def query(make: Callable[[random.Random, Sequence[str]], str], **more: str) -> Send:
    """A search for a text that is made anew each time."""

    def send(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
        return (request("GET", f"{SHELF}?{urlencode({'q': make(chance, words)} | more)}"),)

    return send


def post(target: str, body: bytes, *lines: str) -> Send:
    return lambda chance, words: (request("POST", target, *lines, body=body),)


def document(text: str, **members: object) -> Send:
    return post("/graphql", json.dumps({"query": text} | members).encode())


def raw(*parts: bytes) -> Send:
    return lambda chance, words: parts


def head_of(*lines: str, method: str = "GET", target: str = "/v1/stats", body: bytes = b"") -> Send:
    """A head of exactly these lines."""
    head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", *lines))
    return raw(head.encode("latin-1") + b"\r\n" + body)


def posted(*lines: str, body: bytes = b"") -> Send:
    head = ("Host: soak", "Content-Type: application/json", *lines)
    return head_of(*head, method="POST", target=BATCH, body=body)


def big_header(chance: random.Random, words: Sequence[str]) -> Iterator[bytes]:
    yield b"GET /v1/stats HTTP/1.1\r\nHost: soak\r\nX-Big: "
    for _ in range(BIG_HEADER // 65_536):
        yield b"a" * 65_536
    yield b"\r\n\r\n"


def many_headers(chance: random.Random, words: Sequence[str]) -> Iterator[bytes]:
    yield b"GET /v1/stats HTTP/1.1\r\nHost: soak\r\n"
    for number in range(200):
        yield b"".join(b"X-%d-%d: a\r\n" % (number, each) for each in range(100))
    yield b"\r\n"


def long_head(chance: random.Random, words: Sequence[str]) -> Iterator[bytes]:
    """An address that never ends."""
    yield b"GET /v1/papers?q="
    for _ in range(64):
        yield b"a" * 16_384


def half_head(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    whole = request("GET", "/v1/papers?q=model", "Accept: application/json")
    return (whole[: chance.randrange(1, len(whole) - 4)],)


def half_body(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    target = chance.choice((BATCH, "/graphql"))
    whole = request("POST", target, body=b'{"ids": ["%b"]}' % (b"x" * 500))
    return (whole[: len(whole) - chance.randrange(1, 500)],)


def drip(whole: bytes) -> Send:
    """The last 30 bytes of a request one by one, for ever in the eyes of a server."""

    def send(chance: random.Random, words: Sequence[str]) -> Iterator[bytes | float]:
        yield whole[:-30]
        for byte in whole[-30:]:
            yield 0.9
            yield bytes((byte,))

    return send


def near_misses(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    """Parameters that are nearly right, each of which is told the right name."""
    names = ("listedMonht", "minAuthor", "maxAuthorss", "minComment", "facetsize", "categorys")
    query = "&".join(f"{chance.choice(names)}{number:03}=1" for number in range(200))
    return (request("GET", f"{SHELF}?{query}"),)


def search_of(make: Callable[[random.Random], str]) -> Send:
    """A text of any characters, which do not fit into an address."""
    document = """query ($q: String) { papers(query: $q, match: ANY, first: 100) {
        totalCount warnings { code } edges { highlights { fragments { text } } } } }"""

    def send(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
        body = json.dumps({"query": document, "variables": {"q": make(chance)}}).encode()
        return (request("POST", "/graphql", body=body),)

    return send


def unknown_hash(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    """Documents to remember, one after another, and hashes that nobody knows."""
    document = f"# {chance.randbytes(8).hex()}\n{{ stats {{ papers }} }}"
    digest = hashlib.sha256(document.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    for members in ({}, {"query": document}, {"query": document + " "}):
        body = json.dumps(members | {"extensions": extensions}).encode()
        yield request("POST", "/graphql", body=body)


def random_bytes(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (b"\x00" + chance.randbytes(chance.randrange(1, 2000)) + b"\r\n\r\n",)


def percent_soup(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    pieces = ("%", "%z", "%00", "%ff", "%2f", "%2e%2e", "%ED%A0%80", "%25", "/", "a", "%0d%0a", "%")
    soup = "".join(chance.choices(pieces, k=chance.randrange(1, 200)))
    targets = (f"{SHELF}/x{soup}", f"{SHELF}?q={soup}", f"{SHELF}?{soup}", f"/x{soup}",
               f"/graphql?query={soup}", f"/v1/daily/{soup}")  # fmt: skip
    return (request("GET", chance.choice(targets)),)


def pipeline(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    targets = (f"{SHELF}?limit=1", "/v1/stats", "/nowhere", f"{SHELF}?limit=0", "/healthz")
    return (b"".join(request("GET", chance.choice(targets)) for _ in range(PIPELINED)),)


def flood(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (request("GET", f"{SHELF}?q={chance.choice(words)}&limit=1") * 20 * PIPELINED,)


def deaf(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    word = chance.choice(words)
    return (request("GET", f"{SHELF}?q={word}&limit=100&match=any") * 40,)


def any_text(chance: random.Random) -> str:
    """Characters of every plane between operators."""
    points = (chance.randrange(0x20, 0x110000) for _ in range(1_300))
    signs = ('"', " ", "(", "*", "~2", " -", ")")
    letters = (chr(point) for point in points if not 0xD800 <= point <= 0xDFFF)
    return "".join(letter + chance.choice(signs) for letter in letters)


def wildcards(chance: random.Random, words: Sequence[str]) -> str:
    return " ".join(f"{word[:2]}*{word[-1]}" for word in chance.sample(words, 4))


def prefixes(chance: random.Random, words: Sequence[str]) -> str:
    return " OR ".join(f"{word[:2]}*" for word in chance.sample(words, 4))


def fuzzy(chance: random.Random, words: Sequence[str]) -> str:
    long = [word for word in words if len(word) > 4]
    return " ".join(f"{word}~2" for word in chance.sample(long, 4))


def everything(chance: random.Random, words: Sequence[str]) -> str:
    return " ".join(chance.choices(words, k=400))[:3999]


def forged(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    alphabet = "ABCDEFabcdef0123456789-_=.~"
    cursor = "".join(chance.choices(alphabet, k=chance.choice((1, 40, 200, 4000))))
    name = chance.choice(("cursor", "before"))
    return (request("GET", f"{SHELF}?q={chance.choice(words)}&{name}={cursor}"),)


def unknown_ids(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    ids = [f"arxiv:{chance.randrange(10**4):04d}.{chance.randrange(10**5):05d}" for _ in range(500)]
    return (request("POST", BATCH, body=json.dumps({"ids": ids}).encode()),)


def all_authors(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    size = chance.randrange(1, 101)
    return (request("GET", f"{SHELF}?facets={','.join(FACETS)}&facetSize={size}&limit={size}"),)


def deep(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    sort = chance.choice(("title", "-publishedAt", "comments", "trending", "authorCount"))
    limit = chance.randrange(1, 101)
    return (request("GET", f"{SHELF}?sort={sort}&before=end&limit={limit}"),)


def aliases(count: int, each: str) -> str:
    return "{" + " ".join(f"a{number}: {each}" for number in range(count)) + "}"


def self_referring(depth: int) -> str:
    start = '{ __type(name: "Query") '
    return start + "{ fields { type " * depth + "{ name }" + " } }" * depth + " }"


def heavy_page(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    """The most that one operation may ask for."""
    return (request("POST", "/graphql", body=_lists(chance, words, 1)),)


def too_heavy(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
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


def churn(chance: random.Random, words: Sequence[str]) -> Iterable[bytes]:
    return (b"GET"[: chance.randrange(0, 4)],)
