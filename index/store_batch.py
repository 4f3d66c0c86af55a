"""One transaction's records: each finds the paper that it describes, or becomes a new one."""

import datetime
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, Select, delete, func, insert, select, tuple_

from index.merge import (
    KINDS,
    Entry,
    Known,
    conflicting_kind,
    contradicts,
    describe,
    join,
    own_id,
    same_work,
    title_key,
)
from index.store_rows import (
    EXTERNAL_ID,
    PAPER,
    PAPER_SOURCE,
    SOURCE,
    TOMBSTONE,
    Saved,
    chunks,
    load,
    save,
)
from schema.filters import MAX_COUNT
from schema.identifiers import MAX_ID_LENGTH, OWN_ID
from schema.record import PaperRecord, SourceFile

MAX_SAME_TITLE = 64
"""Papers of one title that a record is compared with, the oldest first."""

MAX_TITLE = 4000
MAX_ABSTRACT = 500_000
MAX_AUTHORS = 10_000
MAX_NAME = 1000
MAX_URL = 4000
MAX_MANY = 1000

Status = Literal["added", "updated", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record: the paper's `id` (None if rejected), and why it was rejected."""

    id: str | None
    status: Status
    reason: str | None = None


class _Refused(Exception):  # noqa: N818
    """A record that cannot be stored; the text says why."""


class Batch:
    """Works on papers in memory, starting from those in the tables that the records may mean."""

    def __init__(
        self, connection: Connection, source: SourceFile, records: Sequence[PaperRecord]
    ) -> None:
        self._connection = connection
        self._records = records
        self._position = given_number(connection, "change")
        self._next_rowid = given_number(connection, "paper") + 1
        self._find_source(source)
        self._by_id: dict[str, int] = {}
        self._by_external: dict[tuple[str, str], int] = {}
        self._by_span: dict[tuple[int, int], int] = {}
        self._by_title: defaultdict[str, list[int]] = defaultdict(list)
        self._changed: dict[int, Saved] = {}
        self._faults = [fault_of(record) for record in records]
        sound = [r for r, fault in zip(records, self._faults, strict=True) if fault is None]
        self._titles = {record.title: title_key(record.title) for record in sound}
        self._before = self._papers = self._candidates(sound)
        self._papers = dict(self._before)
        for rowid in sorted(self._papers):
            self._enter(rowid)

    def run(self) -> list[Outcome]:
        """Store the records in their order; one outcome for each."""
        outcomes = []
        for record, fault in zip(self._records, self._faults, strict=True):
            try:
                outcomes.append(self._add(record, fault))
            except _Refused as refusal:
                outcomes.append(Outcome(None, "rejected", str(refusal)))
        self._save()
        return outcomes

    # Reading what may be meant

    def _find_source(self, source: SourceFile) -> None:
        """The number and name under which these bytes are known already, or new ones."""
        name = source.name.encode(errors="replace").decode()  # file names need not be Unicode
        row = self._connection.execute(
            select(SOURCE.c.number, SOURCE.c.name).where(SOURCE.c.sha256 == source.sha256)
        ).first()
        self._source_is_new = row is None
        if row is None:
            newest = self._connection.execute(select(func.max(SOURCE.c.number))).scalar()
            self._source = Entry((newest or 0) + 1, name, source.sha256, 0, 0)
        else:
            self._source = Entry(row.number, row.name, source.sha256, 0, 0)

    def _candidates(self, records: Sequence[PaperRecord]) -> dict[int, Saved]:
        rowids: set[int] = set()
        own = {record.id for record in records if record.id is not None}
        own |= {own_id(self._titles[record.title]) for record in records}
        rowids |= self._rowids(select(PAPER.c.rowid), PAPER.c.id, own)
        external = {(str(k), v) for record in records for k, v in record.external_ids.items()}
        rowids |= self._rowids(
            select(EXTERNAL_ID.c.paper), tuple_(EXTERNAL_ID.c.kind, EXTERNAL_ID.c.value), external
        )
        rank = func.row_number().over(partition_by=PAPER.c.title_key, order_by=PAPER.c.rowid)
        for part in chunks(set(self._titles.values())):
            ranked = (
                select(PAPER.c.rowid, rank.label("rank"))
                .where(PAPER.c.title_key.in_(part))
                .subquery()
            )
            found = select(ranked.c.rowid).where(ranked.c.rank <= MAX_SAME_TITLE)
            rowids |= set(self._connection.scalars(found))
        if not self._source_is_new:
            here = select(PAPER_SOURCE.c.paper).where(PAPER_SOURCE.c.source == self._source.number)
            starts = {record.span.start for record in records}
            rowids |= self._rowids(here, PAPER_SOURCE.c.start, starts)
        return load(self._connection, sorted(rowids))

    def _rowids(self, statement: Select[tuple[int]], column, values: Iterable) -> set[int]:  # type: ignore[no-untyped-def,type-arg]
        found: set[int] = set()
        for part in chunks(values):
            found.update(self._connection.scalars(statement.where(column.in_(part))))
        return found

    def _enter(self, rowid: int, key: str | None = None) -> None:
        """Make a paper findable."""
        known = self._papers[rowid].known
        self._by_id[known.id] = rowid
        for pair in known.external_ids.items():
            self._by_external[pair] = rowid
        same_title = self._by_title[title_key(known.title) if key is None else key]
        if rowid not in same_title and len(same_title) < MAX_SAME_TITLE:
            same_title.append(rowid)
            same_title.sort()
        for entry in known.sources:
            if entry.number == self._source.number:
                self._by_span[entry.start, entry.end] = rowid

    # Working

    def _add(self, record: PaperRecord, fault: str | None) -> Outcome:
        if fault is not None:
            raise _Refused(fault)
        said = describe(record, *self._source[:3])
        rowid = self._paper_of(record, said)
        if rowid is None:
            return self._store_new(record, said)
        saved = self._papers[rowid]
        free = {k: v for k, v in said.external_ids.items() if self._owner(k, v) in (None, rowid)}
        known = join(saved.known, replace(said, external_ids=free))
        if known == saved.known:
            return Outcome(known.id, "unchanged")
        self._put(rowid, Saved(known, saved.tie, saved.created_seq, self._next_seq()))
        self._forget_title(rowid, saved.known.title, known.title)
        self._enter(rowid)
        return Outcome(known.id, "updated")

    def _store_new(self, record: PaperRecord, said: Known) -> Outcome:
        key = self._titles[record.title]
        known = replace(said, id=record.id or self._new_id(key, said))
        rowid, seq = self._next_rowid, self._next_seq()
        self._next_rowid += 1
        self._put(rowid, Saved(known, rowid, seq, seq))
        self._enter(rowid, key)
        return Outcome(known.id, "added")

    def _put(self, rowid: int, saved: Saved) -> None:
        self._papers[rowid] = self._changed[rowid] = saved

    def _next_seq(self) -> int:
        self._position += 1
        return self._position

    def _forget_title(self, rowid: int, before: str, now: str) -> None:
        if before != now:
            same_title = self._by_title[title_key(before)]
            if rowid in same_title:
                same_title.remove(rowid)

    def _owner(self, kind: str, value: str) -> int | None:
        return self._by_external.get((kind, value))

    def _paper_of(self, record: PaperRecord, said: Known) -> int | None:
        """The paper that a record describes, None for a new one; refuses contradictions."""
        owners = [
            owner
            for kind in KINDS
            if (value := said.external_ids.get(kind)) is not None
            and (owner := self._owner(kind, value)) is not None
        ]
        if record.id is not None and (named := self._by_id.get(record.id)) is not None:
            kind = conflicting_kind(self._papers[named].known, said)
            if kind is not None:
                raise _Refused(self._difference(kind, named, said))
            for owner in owners:
                if owner != named:
                    raise _Refused(
                        f"The id {record.id} is of one paper, its external ids are of another: "
                        f"{self._papers[owner].known.id}."
                    )
            return named
        for owner in owners:
            if conflicting_kind(self._papers[owner].known, said) is None:
                return owner
        if owners:
            kind = conflicting_kind(self._papers[owners[0]].known, said)
            raise _Refused(self._difference(kind or "", owners[0], said))
        return None if record.id is not None else self._same_evidence(record, said)

    def _difference(self, kind: str, rowid: int, said: Known) -> str:
        known = self._papers[rowid].known
        return (
            f"It has {kind}:{said.external_ids[kind]}, but the paper that it names is {known.id} "
            f"with {kind}:{known.external_ids[kind]}."
        )

    def _same_evidence(self, record: PaperRecord, said: Known) -> int | None:
        """The same bytes of the same source; else an equal title with evidence.

        Without evidence for or against, a paper of the same title from another edition of the
        file (the same name, other bytes) is the paper: else each edition would add its bare titles
        once more. A newer edition's entry replaces the older, so two bare titles find two papers.
        """
        here = self._by_span.get((record.span.start, record.span.end))
        if here is not None and conflicting_kind(self._papers[here].known, said) is None:
            return here
        renewed = None
        for rowid in self._by_title.get(self._titles[record.title], ()):
            known = self._papers[rowid].known
            if conflicting_kind(known, said) is not None:
                continue
            if same_work(known, said):
                return rowid
            if (
                renewed is None
                and self._is_of_another_edition(known)
                and not contradicts(known, said)
            ):
                renewed = rowid
        return renewed

    def _is_of_another_edition(self, known: Known) -> bool:
        return any(
            entry.name == self._source.name and entry.number != self._source.number
            for entry in known.sources
        )

    def _new_id(self, key: str, said: Known) -> str:
        """A free id: of the title; else of the title and what sets the paper apart."""
        plain = own_id(key)
        if plain not in self._by_id:
            return plain
        mark = next(
            (f"{k}:{v}" for k in KINDS if (v := said.external_ids.get(k))),
            f"{self._source.sha256}:{said.sources[0].start}",
        )
        for digits in (8, 16, 32, 64):
            marked = own_id(key, discriminator=mark, digits=digits)
            if marked not in self._by_id and not self._is_stored(marked):
                return marked
        raise _Refused("Another paper has this title and the same origin.")

    def _is_stored(self, paper_id: str) -> bool:
        found = self._connection.scalar(select(PAPER.c.rowid).where(PAPER.c.id == paper_id))
        return found is not None

    # Writing

    def _save(self) -> None:
        if not self._changed:
            return
        if self._source_is_new:
            number, name, sha256 = self._source[:3]
            self._connection.execute(
                insert(SOURCE), {"number": number, "name": name, "sha256": sha256}
            )
        self._clear_tombstones()
        existing = {rowid: self._before[rowid] for rowid in self._changed if rowid in self._before}
        now = int(time.time())
        save(self._connection, self._changed, existing, dict.fromkeys(self._changed, now))

    def _clear_tombstones(self) -> None:
        if self._connection.execute(select(TOMBSTONE.c.key).limit(1)).first() is None:
            return
        keys = {key for saved in self._changed.values() for key in lookup_keys(saved.known)}
        for part in chunks(keys):
            removed = select(TOMBSTONE.c.paper_id).where(TOMBSTONE.c.key.in_(part))
            self._connection.execute(delete(TOMBSTONE).where(TOMBSTONE.c.paper_id.in_(removed)))


def lookup_keys(known: Known) -> Iterator[str]:
    """The keys by which a paper can be looked up."""
    yield known.id
    for kind, value in known.external_ids.items():
        yield f"{kind}:{value}"


def given_number(connection: Connection, name: str) -> int:
    """The largest number that an AUTOINCREMENT table has ever given."""
    row = connection.exec_driver_sql(
        "SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)
    ).first()
    return int(row[0]) if row else 0


def fault_of(record: PaperRecord) -> str | None:
    """Why a record cannot be stored, whatever else is there; None if it can."""
    names = record.authors or ()
    texts = (record.title, record.abstract, record.abstract_raw, record.published.raw or "")
    values = (*record.external_ids.values(), *record.categories, *(x.url for x in record.links))
    try:
        "".join((*texts, *names, *values, record.id or "")).encode()
    except UnicodeEncodeError:
        return "Its text is not valid Unicode."
    if not record.title.strip():
        return "It has no title."
    if record.id is not None and not (
        len(record.id) <= MAX_ID_LENGTH and OWN_ID.fullmatch(record.id)
    ):
        return "Its id is none of ours: lower-case letters, digits and single hyphens."
    return _size_fault(record) or _value_fault(record)


def _size_fault(record: PaperRecord) -> str | None:
    names, many = record.authors or (), max(len(record.links), len(record.categories))
    limits = (
        (len(record.title), MAX_TITLE, "characters in the title"),
        (len(record.abstract), MAX_ABSTRACT, "characters in the abstract"),
        (len(record.abstract_raw), MAX_ABSTRACT, "characters in the abstract"),
        (len(record.published.raw or ""), MAX_NAME, "characters in the date"),
        (len(names), MAX_AUTHORS, "authors"),
        (max(map(len, names), default=0), MAX_NAME, "characters in the name of an author"),
        (max(many, len(record.listings)), MAX_MANY, "links, categories or listings"),
        (max((len(x.url) for x in record.links), default=0), MAX_URL, "characters in a link"),
        (max(map(len, record.categories), default=0), MAX_NAME, "characters in a category"),
    )
    for size, most, what in limits:
        if size > most:
            return f"It has {size:,} {what}; {most:,} are the most."
    return None


def _value_fault(record: PaperRecord) -> str | None:
    for kind, value in record.external_ids.items():
        if not value or len(kind) + 1 + len(value) > MAX_ID_LENGTH:
            return f"Its {kind} id is empty or longer than {MAX_ID_LENGTH} characters."
    counts = [record.author_count, record.upvotes, record.comments]
    counts += [listing.position for listing in record.listings]
    if any(count is not None and not 0 <= count <= MAX_COUNT for count in counts):
        return f"A count of it is not between 0 and {MAX_COUNT}."
    days = [listing.day for listing in record.listings]
    if record.published.day is not None:
        days.append(record.published.day)
    if (record.published.day is None) != (record.published.precision is None):
        return "Its date has a day without a precision, or a precision without a day."
    return next((f"There is no day {day[:40]}." for day in days if not _is_day(day)), None)


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
