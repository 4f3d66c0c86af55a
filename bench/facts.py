"""What a soak must know of a shelf before it begins, asked of its own server."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from bench.traffic import Facts, papers, want
from bench.valid import SORTS
from bench.wire import Connection, request

WORDS = 24
KNOWN = 8
_WORD = re.compile(r"[a-z]{5,12}")


async def gather_facts(port: int, extra: int) -> Facts:
    """Ask a quiet server; `extra` is how many papers more there may be at a time later."""
    connection = await Connection.open(port)

    async def ask(target: str) -> Any:
        await connection.send(request("GET", target))
        reply = await connection.reply()
        want(reply is not None and reply.status == 200, f"no answer to {target}")
        assert reply is not None
        return reply.json()

    listed = []
    for sort in SORTS:
        listed += (await ask(papers(sort=sort, limit=100)))["data"]
    words = usual_words([f"{paper['title']} {paper['abstract']}" for paper in listed])
    totals = {}
    for text in (*words[:KNOWN], *map(" ".join, pairwise(words[:KNOWN]))):
        totals[text] = (await ask(papers(q=text, match="all")))["meta"]["total"]
    stats = (await ask("/v1/stats"))["data"]
    connection.close()
    whole = [paper for paper in listed if paper["listedAt"] and paper["authors"]]
    return Facts(
        papers=stats["papers"],
        titles={paper["id"]: paper["title"] for paper in listed},
        totals={text: total for text, total in totals.items() if total},
        words=words,
        days=sorted({paper["listedAt"] for paper in whole}),
        authors=sorted({paper["authors"][0]["name"] for paper in whole})[:50],
        extra=extra,
    )


def usual_words(texts: Sequence[str]) -> list[str]:
    """Words of five letters and more that one in three to one in fifty texts have, mixed."""
    count = Counter(word for text in texts for word in set(_WORD.findall(text.lower())))
    usual = [word for word, times in count.most_common() if times <= len(texts) / 3]
    step = max(1, len([word for word in usual if count[word] >= len(texts) / 50]) // WORDS)
    return usual[: WORDS * step : step]
