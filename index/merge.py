"""Which records are the same paper, and what becomes of a paper that several sources describe.

Everything here is pure. `join` is a semilattice join: commutative, associative and idempotent up
to the `id`, so the order in which sources are loaded does not show in what is known afterwards.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from unicodedata import category

from rapidfuzz import fuzz

from index.folding import fold
from schema.record import ExternalIdKind, LinkKind, PaperRecord, Precision, Published

NEAR_EQUAL = 90.0
"""Least similarity (`rapidfuzz.fuzz.ratio`, 0-100) at which two abstracts are one abstract."""

COMPARED_CHARACTERS = 4000
MAX_SOURCES = 32
MAX_LISTINGS = 400
MAX_LINKS = 200
MAX_CATEGORIES = 100
SLUG_LENGTH = 60
HASH_LENGTH = 8


class Entry(NamedTuple):
    """A paper's place in a source: the source's number, name and hash, and bytes start to end."""

    number: int
    name: str
    sha256: str
    start: int
    end: int


class Place(NamedTuple):
    """A listing: day, name and number of the source that lists, position or None."""

    day: str
    name: str
    number: int
    position: int | None


class Placed(NamedTuple):
    """A link or category, `kind` is empty for a category; the earliest position in any source."""

    position: int
    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a paper.

    `written` is its best date with a year that stands beside it, `guessed` with an inferred one.
    Tuples of links, categories, listings and sources are in their canonical order.
    """

    id: str
    title: str
    abstract: str
    abstract_raw: str
    authors: tuple[str, ...] | None
    author_count: int | None
    written: Published
    guessed: Published
    upvotes: int | None
    comments: int | None
    links: tuple[Placed, ...]
    categories: tuple[Placed, ...]
    external_ids: Mapping[str, str]
    listings: tuple[Place, ...]
    sources: tuple[Entry, ...]


NO_DATE = Published()


class _WordCharacters(dict[int, str]):
    """For `str.translate`: a space for all that is no letter, digit, mark, plus or hash sign."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kept = category(character)[0] in "LNM" or character in "+#"
        self[code] = character if kept else " "
        return self[code]


_WORD_CHARACTERS = _WordCharacters()


def title_key(title: str) -> str:
    """The normalised title: folded, punctuation dropped, single spaces.

    A title that is all punctuation stands for itself; only a blank title gives an empty key.
    """
    folded = fold(title)
    words = folded.translate(_WORD_CHARACTERS).split()
    return " ".join(words or folded.split())


def name_key(name: str) -> str:
    """The normalised name of an author; `Gu, Albert` is `Albert Gu`."""
    family, comma, given = name.partition(",")
    return title_key(f"{given} {family}" if comma and "," not in given else name)


def own_id(key: str, *, discriminator: str | None = None, digits: int = HASH_LENGTH) -> str:
    """The id for a title key: a slug of at most 60 characters and `digits` of a SHA-256.

    `discriminator` sets apart papers of the same title. The slug is ASCII; where nothing of the
    title can be written so, it is `paper`.
    """
    words = re.findall(r"[a-z0-9]+", key)
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:SLUG_LENGTH]
        if len(longer) > SLUG_LENGTH:
            break
        slug = longer
    hashed = key if discriminator is None else f"{key}\n{discriminator}"
    return f"{slug or 'paper'}-{hashlib.sha256(hashed.encode()).hexdigest()[:digits]}"


def describe(record: PaperRecord, number: int, name: str, sha256: str) -> Known:
    """What one record of a source says, as knowledge without an `id`."""
    published = record.published
    guessed = published.year_inferred and published.day is not None
    written = replace(published, year_inferred=False) if published.year_inferred else published
    urls = {url: place for place, url in enumerate(dict.fromkeys(x.url for x in record.links))}
    return Known(
        id="",
        title=" ".join(record.title.split()),
        abstract=record.abstract,
        abstract_raw=record.abstract_raw,
        authors=record.authors or None,
        author_count=record.author_count,
        written=NO_DATE if guessed else written,
        guessed=published if guessed else NO_DATE,
        upvotes=record.upvotes,
        comments=record.comments,
        links=_union(
            (), tuple(Placed(urls[x.url], x.url, str(x.kind)) for x in record.links), MAX_LINKS
        ),
        categories=_union(
            (),
            tuple(Placed(i, x, "") for i, x in enumerate(dict.fromkeys(record.categories))),
            MAX_CATEGORIES,
        ),
        external_ids={str(kind): value for kind, value in record.external_ids.items()},
        listings=_join_listings(
            (), tuple(Place(x.day, name, number, x.position) for x in record.listings)
        ),
        sources=(Entry(number, name, sha256, record.span.start, record.span.end),),
    )


def join(paper: Known, other: Known) -> Known:
    """What both know together, under the id of `paper`.

    The title in mixed case, then the longer text; the longer abstract; the longer list of names;
    the larger counts; the more precise date, then the earlier. Links, categories, external ids,
    listings and sources are united; a source of a name replaces earlier ones of that name. The
    caller has made sure that no kind of external id differs.
    """
    abstract, abstract_raw = max(
        (paper.abstract, paper.abstract_raw), (other.abstract, other.abstract_raw), key=_text_rank
    )
    return Known(
        id=paper.id,
        title=max(paper.title, other.title, key=_title_rank),
        abstract=abstract,
        abstract_raw=abstract_raw,
        authors=max(paper.authors, other.authors, key=_authors_rank),
        author_count=_larger(paper.author_count, other.author_count),
        written=max(paper.written, other.written, key=_date_rank),
        guessed=max(paper.guessed, other.guessed, key=_date_rank),
        upvotes=_larger(paper.upvotes, other.upvotes),
        comments=_larger(paper.comments, other.comments),
        links=_union(paper.links, other.links, MAX_LINKS),
        categories=_union(paper.categories, other.categories, MAX_CATEGORIES),
        external_ids={**other.external_ids, **paper.external_ids},
        listings=_join_listings(paper.listings, other.listings),
        sources=_join_sources(paper.sources, other.sources),
    )


def resolve_date(written: Published, guessed: Published) -> tuple[Published, Published | None]:
    """The date to show, and the one that is kept beside it (None if there is only one).

    A written date wins; but an inferred one that is more precise and lies within it is confirmed
    by it: it wins, and its year counts as written.
    """
    if guessed == NO_DATE:
        return written, None
    if written.day is None:
        return guessed, None if written == NO_DATE else written
    assert guessed.day is not None
    shared = {Precision.YEAR: 4, Precision.MONTH: 7}.get(written.precision or Precision.DAY, 10)
    finer = _precision_rank(guessed) > _precision_rank(written)
    if finer and written.day[:shared] == guessed.day[:shared]:
        return replace(guessed, year_inferred=False), written
    return written, guessed


def two_dates(shown: Published, second: Published | None) -> tuple[Published, Published]:
    """`written` and `guessed` again, from what `resolve_date` gave."""
    if second is None:
        return (NO_DATE, shown) if shown.year_inferred else (shown, NO_DATE)
    if second.year_inferred:
        return shown, second
    return second, replace(shown, year_inferred=True)


def conflicting_kind(paper: Known, other: Known) -> str | None:
    """A kind of external id that both have and that differs: then they are never one paper."""
    for kind, value in other.external_ids.items():
        if paper.external_ids.get(kind, value) != value:
            return kind
    return None


def same_work(paper: Known, other: Known) -> bool:
    """Whether two papers of equal `title_key` have evidence for being one.

    Where both name authors, the first must be the same; else the abstracts must be near-equal,
    and an empty abstract is no evidence.
    """
    if paper.authors and other.authors:
        return name_key(paper.authors[0]) == name_key(other.authors[0])
    return bool(paper.abstract and other.abstract) and near_equal(paper.abstract, other.abstract)


def contradicts(paper: Known, other: Known) -> bool:
    """Whether authors or abstracts, where both have them, say that these are different works."""
    if paper.authors and other.authors:
        return name_key(paper.authors[0]) != name_key(other.authors[0])
    return bool(paper.abstract and other.abstract) and not near_equal(
        paper.abstract, other.abstract
    )


def near_equal(abstract: str, other: str) -> bool:
    """Whether two abstracts are the same text but for small repairs.

    Folded and without punctuation, at most a tenth of their first 4,000 characters is inserted or
    deleted (normalised Indel similarity, as rapidfuzz computes it).
    """
    if abstract == other:
        return True
    first, second = (title_key(each[:COMPARED_CHARACTERS]) for each in (abstract, other))
    return fuzz.ratio(first, second, score_cutoff=NEAR_EQUAL) >= NEAR_EQUAL


_PRECISIONS = (None, Precision.YEAR, Precision.MONTH, Precision.DAY)
_LINK_KINDS = {str(kind): order for order, kind in enumerate(LinkKind)} | {"": 0}
KINDS = tuple(str(kind) for kind in ExternalIdKind)


def _precision_rank(date: Published) -> int:
    return _PRECISIONS.index(date.precision) if date.day else 0


def _date_rank(date: Published) -> tuple[int, int, int, str]:
    day = -int(date.day.replace("-", "")) if date.day else 0
    raw = date.raw or ""
    return _precision_rank(date), day, len(raw), raw


def _title_rank(title: str) -> tuple[bool, int, str]:
    return title != title.upper() and title != title.lower(), len(title), title


def _text_rank(texts: tuple[str, str]) -> tuple[int, str, int, str]:
    readable, raw = texts
    return len(readable), readable, len(raw), raw


def _authors_rank(authors: tuple[str, ...] | None) -> tuple[int, int, tuple[str, ...]]:
    names = authors or ()
    return len(names), sum(map(len, names)), names


def _larger(one: int | None, other: int | None) -> int | None:
    return max((count for count in (one, other) if count is not None), default=None)


def _union(one: tuple[Placed, ...], other: tuple[Placed, ...], most: int) -> tuple[Placed, ...]:
    """Both, each value once at its earliest position, in order of position, at most `most`."""
    if one == other:
        return one
    best: dict[str, Placed] = {}
    for placed in (*one, *other):
        seen = best.setdefault(placed.value, placed)
        if seen is not placed:
            kind = min(seen.kind, placed.kind, key=lambda each: _LINK_KINDS[each])
            best[placed.value] = Placed(min(seen.position, placed.position), placed.value, kind)
    return tuple(sorted(best.values())[:most])


def _join_sources(one: tuple[Entry, ...], other: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Of each name the entry of the newest source, of one source the first; the oldest 32."""
    if one == other:
        return one
    best: dict[str, Entry] = {}
    for entry in (*one, *other):
        seen = best.setdefault(entry.name, entry)
        if (-entry.number, entry.start, entry.end) < (-seen.number, seen.start, seen.end):
            best[entry.name] = entry
    return tuple(sorted(best.values())[:MAX_SOURCES])


def _join_listings(one: tuple[Place, ...], other: tuple[Place, ...]) -> tuple[Place, ...]:
    """Of each day and name that of the newest source, its first position; the earliest 400."""
    if one == other:
        return one
    best: dict[tuple[str, str], Place] = {}
    for place in (*one, *other):
        seen = best.setdefault((place.day, place.name), place)
        if _place_rank(place) < _place_rank(seen):
            best[place.day, place.name] = place
    return tuple(sorted(best.values(), key=lambda place: place[:3])[:MAX_LISTINGS])


def _place_rank(place: Place) -> tuple[int, bool, int]:
    return -place.number, place.position is None, place.position or 0
