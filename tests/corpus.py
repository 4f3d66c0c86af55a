"""A seeded corpus of generated papers: every kind of gap, tie and odd character on purpose."""

import random
from typing import Any

from index.document import IndexDocument, index_document


def _listed(text: str) -> list[str]:
    return text.split()


SYLLABLES = _listed(
    "al ign ment pro tein dif fu sion trans port op ti mal learn ing neu ral net work re ward mo "
    "del gra ph vi sion lan guage to ken pre fer ence ker nel ban dit quan tum ro bot ic se quence"
)
ODD_WORDS = _listed(
    "C++ c# F# R the of and a naïve Straße ﬁne Ångström 中文模型 данные שלום zero-shot état I/O x²"
    " Gao's 3D 2024 GPT-4 don’t e\u0301tude ＦＵＬＬ İstanbul ß 𝒳 ½ _under_ $\\alpha$"
)
FIRST = _listed("Yann José Zoë Łukasz Søren 李 Anna Bo Mária Chloë Dmitri Émile Fatima Gu Hana Ivo")
CATEGORIES = _listed("cs.CL cs.LG cs.CV stat.ML math.OC I.2.6 q-bio.QM CS.cl Stat.ML état")
WELL_KNOWN = [f"{first} {last}" for first in FIRST for last in _listed("Lee García Wang Øst Şahin")]
LINK_KINDS = _listed("code project model dataset paper other")


def vocabulary(seed: int = 1, size: int = 900) -> list[str]:
    """The words that generated papers are made of, the most frequent first."""
    random_ = random.Random(seed)
    made = {"".join(random_.choices(SYLLABLES, k=random_.randint(1, 4))) for _ in range(size)}
    words = sorted(made) + ODD_WORDS
    random_.shuffle(words)
    return words


def papers(count: int, seed: int) -> list[IndexDocument]:
    """`count` documents with row numbers from 1; equal arguments give equal documents."""
    random_ = random.Random(seed)
    words = vocabulary()
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    days = [f"{random_.randint(2015, 2025)}-{month:02d}-15" for month in range(1, 13)]
    ties = random_.sample(range(count * 3), count)
    documents: list[IndexDocument] = []
    titles: list[str] = []
    for number in range(count):
        title = " ".join(random_.choices(words, weights, k=random_.randint(1, 9)))
        if titles and random_.random() < 0.15:
            title = random_.choice(titles).upper()
        titles.append(title)
        paper, listed = _paper(random_, number, title, words, weights, days)
        documents.append(index_document(number + 1, ties[number], paper, listed))
    return documents


def revised(document: IndexDocument, seed: int) -> IndexDocument:
    """The same row and tie with another paper's content, as an update brings it."""
    other = papers(1, seed)[0]
    return IndexDocument(
        rowid=document.rowid,
        tie=document.tie,
        title=other.title,
        abstract=other.abstract,
        authors=other.authors,
        exact=other.exact,
        numbers=other.numbers,
        sort=other.sort,
    )


def _paper(
    random_: random.Random,
    number: int,
    title: str,
    words: list[str],
    weights: list[float],
    days: list[str],
) -> tuple[dict[str, Any], tuple[str, ...]]:
    def maybe(value: Any, chance: float = 0.7) -> Any:
        return value if random_.random() < chance else None

    length = random_.choice((0, 3, 12, 40))
    abstract = " ".join(random_.choices(words, weights, k=length))
    if length > 12:
        repeated = random_.choice(words)
        abstract += f" {repeated} {repeated}, {repeated}."
    names = [
        f"{random_.choice(FIRST)} {random_.choice(SYLLABLES).title()}{number}-{place}"
        for place in range(random_.choice((1, 1, 2, 3, 25)))
    ]
    for place in range(len(names)):
        if random_.random() < 0.25:  # written now this way, now that, and at times twice
            known = random_.choice(WELL_KNOWN[: random_.choice((3, 20, len(WELL_KNOWN)))])
            names[place] = random_.choice((known, known, known.upper(), f"  {known} "))
    listed = tuple(random_.sample(days, random_.choice((0, 0, 1, 1, 3))))
    kinds = random_.sample(LINK_KINDS, random_.choice((0, 0, 1, 2)))
    authors = maybe([{"name": name} for name in names], 0.6)
    paper = {
        "id": f"paper-{number}",
        "title": title,
        "abstract": abstract,
        "authors": authors,
        "authorCount": len(names) if authors else maybe(random_.choice((1, 2, 3, 2**31 - 1))),
        "publishedAt": maybe(random_.choice(days), 0.8),
        "listedAt": min(listed, default=None),
        "upvotes": maybe(random_.choice((0, 1, 5, 1000)), 0.4),
        "comments": maybe(random_.choice((0, 1, 2, 2, 2**31 - 1)), 0.5),
        "links": [{"url": "https://example.org", "kind": kind} for kind in kinds],
        "categories": random_.sample(CATEGORIES, random_.choice((0, 1, 2, 4))),
        "externalIds": {
            "arxiv": maybe(f"24{number % 12 + 1:02d}.{number:05d}", 0.3),
            "doi": None,
        },
        "sources": [{"name": f"page-{number % 7}.txt"}],
        "createdSeq": number + 1,
    }
    return paper, listed


def exports(count: int, seed: int) -> list[dict[str, Any]]:
    """`count` papers of the same kinds in the form of our own export, which a shelf loads."""
    random_ = random.Random(seed)
    words = vocabulary()
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    days = [f"{random_.randint(2015, 2025)}-{month:02d}-15" for month in range(1, 13)]
    made = []
    for number in range(count):
        title = " ".join(random_.choices(words, weights, k=random_.randint(1, 9)))
        if made and random_.random() < 0.15:
            title = random_.choice(made)["title"].upper()
        paper, _ = _paper(random_, number, title, words, weights, days)
        del paper["sources"], paper["createdSeq"]
        made.append(paper | {"publishedPrecision": paper["publishedAt"] and "day"})
    return made
