"""Every attack, with the refusals that are right for it and how it must end."""

import gzip
import json
from urllib.parse import quote

from bench.hostile import (
    BATCH,
    OK,
    PIPELINED,
    SHELF,
    SIGNED,
    Attack,
    Ending,
    aliases,
    all_authors,
    any_text,
    big_header,
    churn,
    deaf,
    deep,
    document,
    drip,
    everything,
    flood,
    forged,
    fuzzy,
    get,
    half_body,
    half_head,
    head_of,
    heavy_page,
    long_head,
    many_headers,
    near_misses,
    percent_soup,
    pipeline,
    post,
    posted,
    prefixes,
    query,
    random_bytes,
    raw,
    search_of,
    self_referring,
    too_heavy,
    unknown_hash,
    unknown_ids,
    wildcards,
)
from bench.wire import request

_HELLO = bytes.fromhex("16030100f8010000f40303") + b"\x5a" * 245
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
_BOMB = gzip.compress(b" " * 2**24)
_CHUNKED = "Transfer-Encoding: chunked"
_LAST = "Connection: close"
_INJECTED = quote("x\r\nSet-Cookie: a=b\r\n\r\n<script>")

HEADER = ("header-invalid",)
MALFORMED = ("request-malformed",)
TOO_SLOW = ("request-timeout",)
TOO_BIG = ("body-too-large",)
LIMITED = ("graphql-limit",)
REFUSED_QUERY = ("query-too-long", "query-too-deep", "query-too-many-clauses",
                 "query-too-many-expansions", "query-text-invalid")  # fmt: skip
ANSWERED = (OK, "time-budget")

ATTACKS: tuple[Attack, ...] = (
    # Bodies and documents
    Attack("deep JSON", post("/graphql", b'{"query": ' + b"[" * 100_000), ("body-not-json",)),
    Attack(
        "deep variables",
        post("/graphql", b'{"query": "{a}", "variables": ' + b'{"a":' * 20_000),
        ("body-not-json",),
    ),
    Attack("deep batch", post(BATCH, b'{"ids": ' + b"[" * 100_000), ("body-not-json",)),
    Attack("200 kB integer", post(BATCH, b'{"ids": [%b]}' % (b"9" * 200_000)), TOO_BIG),
    Attack(
        "100 kB integer",
        post(BATCH, b'{"ids": [%b]}' % (b"9" * 100_000)),
        ("body-not-json", "body-invalid"),
    ),
    Attack("integer literal", document("{papers(first: %s) {totalCount}}" % ("9" * 30_000)),
           ("graphql-validation", "graphql-limit", "graphql-coercion")),
    Attack("20,000 fields", document("{stats {%s}}" % ("papers " * 20_000)), TOO_BIG),
    Attack("15,000 fields", document("{stats {%s}}" % ("papers " * 15_000)), LIMITED),
    Attack("1,900 fields", document("{stats {%s}}" % ("papers " * 1_900)), LIMITED),
    Attack("5,000 aliases", document(aliases(5000, "__typename")), LIMITED),
    Attack("600 aliases", document(aliases(600, "__typename")), LIMITED),
    Attack("self-referring", document(self_referring(6)), ("graphql-validation",)),
    Attack("self-referring, deeper", document(self_referring(40)), LIMITED),
    Attack("2,000 operations", document("query q {__typename} " * 1_500), LIMITED),
    Attack("spread upon spread", document(
        "{...f0} fragment f40 on Query {__typename} " + " ".join(
            f"fragment f{n} on Query {{...f{n + 1} ...f{n + 1}}}" for n in range(40))), LIMITED),
    Attack("heaviest page", heavy_page, ANSWERED),
    Attack("too heavy a page", too_heavy, LIMITED),
    Attack("gzip bomb", post("/graphql", _BOMB, "Content-Encoding: gzip"),
           ("media-type-unsupported",)),
    Attack("1,400 variables", document(
        "query ($f: PaperFilter) { papers(filter: $f) { totalCount } }",
        variables={"f": {"ids": ["x"] * 1_400}}), ("parameter-invalid",)),
    Attack("deep lists in variables", document(
        "query ($i: [ID!]!) { nodes(ids: $i) { id } }",
        variables={"i": json.loads("[" * 900 + "]" * 900)}),
        ("graphql-limit", "graphql-coercion", "body-not-json")),
    Attack("numbers that are none", post(BATCH, b'{"ids": [NaN, -Infinity, 1e999999]}'),
           ("body-not-json",)),
    Attack("unknown hashes", unknown_hash,
           ("PERSISTED_QUERY_NOT_FOUND", OK, "graphql-request-invalid"), replies=3),
    Attack("500 unknown ids", unknown_ids, ANSWERED),
    # Queries
    Attack("10 kB of parentheses", query(lambda *_: "(" * 10_000), ("query-too-long",)),
    Attack("4 kB of parentheses", query(lambda *_: "(" * 3_999), (OK, "query-too-deep")),
    Attack("wildcards", query(wildcards, highlight="true"), ANSWERED),
    Attack("prefixes", query(prefixes, limit="100", highlight="true"), ANSWERED),
    Attack("fuzzy words", query(fuzzy), ANSWERED),
    Attack("a text of 400 words", query(everything, limit="100", highlight="true"), ANSWERED),
    Attack("a text of 400 words, explained", query(everything, limit="100", explain="true"),
           ANSWERED),
    Attack("misspelled words", get(SHELF + "?match=all&q=" + "+".join(
        f"zq{letter * 50}" for letter in "abcdefghijklmnop")), ANSWERED),
    Attack("completions of a long word", get("/v1/suggest?limit=20&q=" + "z" * 64), ANSWERED),
    Attack("related papers of a list", document(
        "{ papers(first: 8) { nodes { related(first: 100) { score } } } }"), ANSWERED),
    Attack("related papers of their related papers", document(
        "{ papers(first: 1) { nodes { related { node { related { score } } } } } }"),
        ("graphql-limit",)),
    Attack("near misses", near_misses, ("parameter-unknown",)),
    Attack("letters that expand", search_of(lambda _: "\ufdfa " * 2000), (OK, *REFUSED_QUERY)),
    Attack("a letter a word", search_of(
        lambda chance: "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(3_999))),
        (OK, *REFUSED_QUERY)),
    Attack("marks upon marks", search_of(lambda _: "e" + "\u0301" * 3_999), (OK, *REFUSED_QUERY)),
    Attack("text of any kind", search_of(any_text), (OK, *REFUSED_QUERY)),
    Attack("facets of everything", all_authors, ANSWERED),
    Attack("last pages", deep, ANSWERED),
    Attack("forged cursor", forged, ("cursor-invalid",)),
    Attack("huge query string", get(SHELF + "?q=" + "a" * 60_000),
           ("address-too-long",), Ending.CLOSED),
    Attack("5,000 parameters", get(SHELF + "?" + "a=1&" * 5_000), ("parameter-invalid",)),
    Attack("percent soup", percent_soup,
           (OK, "paper-not-found", "parameter-invalid", "parameter-unknown", "route-not-found",
            "graphql-request-invalid", "graphql-parse")),
    Attack("header injection", get(f"{SHELF}/{_INJECTED}", "Origin: https://x\tSet-Cookie:a=b"),
           ("paper-not-found",)),
    # Heads
    Attack("30 kB of tags", get(SHELF, "If-None-Match: " + '"x", ' * 5_000), (OK,)),
    Attack("30 kB of codings", get(SHELF, "Accept-Encoding: " + "br;q=0.1, " * 3_000), (OK,)),
    Attack("30 kB of types", get(SHELF, "Accept: " + "a/b;q=0.1," * 3_000), ("not-acceptable",)),
    Attack("25 MB header", big_header, ("head-too-large",), Ending.CLOSED),
    Attack("20,000 headers", many_headers, ("head-too-large",), Ending.CLOSED),
    Attack("endless address", long_head, ("address-too-long",), Ending.CLOSED),
    Attack("two hosts", head_of("Host: a", "Host: b"), HEADER, Ending.CLOSED),
    Attack("no host", head_of("X: y"), HEADER, Ending.CLOSED),
    Attack("folded header", head_of("Host: soak", "X: y", " z"), MALFORMED, Ending.CLOSED),
    Attack("NUL in a header", head_of("Host: soak", "X: a\x00b"), MALFORMED, Ending.CLOSED),
    Attack("random bytes", random_bytes, MALFORMED, Ending.CLOSED),
    Attack("TLS hello", raw(_HELLO), MALFORMED, Ending.CLOSED),
    Attack("HTTP/2 preface", raw(_PREFACE), MALFORMED, Ending.CLOSED),
    # Lengths
    Attack("bad chunk size", posted(_CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n"), MALFORMED,
           Ending.CLOSED),
    Attack("huge chunk size", posted(_CHUNKED, body=b"f" * 20 + b"\r\n"), MALFORMED,
           Ending.CLOSED),
    Attack("trailers", posted(_CHUNKED, body=b'b\r\n{"ids": []}\r\n0\r\nHost: b\r\n\r\n'), (OK,)),
    Attack("length and chunks", posted(_CHUNKED, "Content-Length: 4", body=b"0\r\n\r\n"),
           MALFORMED, Ending.CLOSED),
    Attack("two lengths", posted("Content-Length: 4", "Content-Length: 5", body=b"{}   "),
           MALFORMED, Ending.CLOSED),
    Attack("negative length", posted("Content-Length: -1"), MALFORMED, Ending.CLOSED),
    Attack("a length of 1 TB", posted(f"Content-Length: {10**12}", body=b"{"), TOO_BIG,
           Ending.WAITS),
    Attack("too short a length", posted("Content-Length: 2", body=b'{}"ids": []}\r\n\r\n'),
           ("body-invalid", "request-malformed"), Ending.CLOSED, replies=2),
    Attack("too long a length", posted("Content-Length: 2000", body=b'{"ids": []}'), (),
           Ending.LEAVES),
    Attack("endless chunks", posted(_CHUNKED, body=b"1\r\n \r\n" * 140_000), TOO_BIG,
           Ending.WAITS),
    # Writing
    Attack("upload without a token", post(SHELF, b" " * 2**18), ("token-missing",),
           Ending.CLOSED),
    Attack("upload with a wrong token",
           post(SHELF, b" " * 2**18, "Authorization: Bearer " + "x" * 20_000), ("token-invalid",),
           Ending.CLOSED),
    Attack("removal without a token", head_of("Host: soak", method="DELETE", target=SHELF + "/x"),
           ("token-missing",)),
    Attack("removal of nobody", head_of("Host: soak", SIGNED, method="DELETE", target=SHELF + "/x"),
           ("paper-not-found", "server-busy")),
    Attack("upload of 1 TB", head_of("Host: soak", SIGNED, f"Content-Length: {10**12}",
           method="POST", target=SHELF, body=b"{"), TOO_BIG, Ending.CLOSED),
    Attack("upload of a gzip bomb", post(SHELF + "?dryRun=true", _BOMB, SIGNED, _LAST),
           ("source-unreadable", "server-busy"), Ending.CLOSED),
    Attack("upload of rejects", post(SHELF + "?dryRun=true", b"{}\n" * 20_000, SIGNED, _LAST),
           (OK, "server-busy"), Ending.CLOSED),
    Attack("half an upload", head_of("Host: soak", SIGNED, "Content-Length: 1000000",
           method="POST", target=SHELF, body=b"{}\n" * 1000), (), Ending.LEAVES),
    # Manners
    Attack("pipeline", pipeline, (OK, "parameter-invalid", "route-not-found"),
           replies=PIPELINED),
    Attack("flood of a pipeline", flood, (OK, "server-busy"), Ending.CLOSED, replies=10**6),
    Attack("pipeline and away", pipeline, (), Ending.RESETS),
    Attack("reset in an answer", heavy_page, (), Ending.RESETS),
    Attack("reset in a whole result", get(SHELF + ".bib"), (), Ending.RESETS),
    Attack("churn", churn, (), Ending.LEAVES),
    Attack("half a head", half_head, TOO_SLOW, Ending.WAITS),
    Attack("half a body", half_body, TOO_SLOW, Ending.WAITS),
    Attack("drip of a head", drip(request("GET", SHELF, "X: " + "a" * 30)), TOO_SLOW, Ending.WAITS),
    Attack("drip of a body", drip(request("POST", BATCH, body=b'{"ids": []}' + b" " * 30)),
           TOO_SLOW, Ending.WAITS),
    Attack("no body after 100", posted("Content-Length: 20", "Expect: 100-continue"),
           (OK, *TOO_SLOW), Ending.WAITS, replies=2),
    Attack("silence", raw(), (), Ending.WAITS),
    Attack("deaf client", deaf, (), Ending.DEAF),
)  # fmt: skip
ATTACK: dict[str, Attack] = {attack.name: attack for attack in ATTACKS}
