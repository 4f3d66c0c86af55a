"""Which records become one paper, and under which id."""

from typing import Any

import pytest

from index.store import Store
from schema.identifiers import MAX_ID_LENGTH, OWN_ID, arxiv_id, identifier_key
from tests.store.build import papers, record, source, statuses, write

ABSTRACT = "We study the transport of mass between measures and give a fast algorithm for it."


def test_a_shared_external_id_makes_one_paper(store: Store) -> None:
    write(store, record("One title", arxiv="2407.09941"))
    outcomes = write(store, record("Quite another", arxiv="2407.09941"), name="b.jsonl")
    assert statuses(outcomes) == ["updated"]
    assert store.count() == 1


def test_equal_titles_with_equal_first_author_make_one_paper(store: Store) -> None:
    write(store, record("Optimal  transport!", authors=("Gaspard Monge", "X")))
    outcomes = write(
        store, record("OPTIMAL TRANSPORT", authors=("monge, Gáspard",), doi="10.1000/a"), name="b"
    )
    assert statuses(outcomes) == ["updated"]
    (paper,) = papers(store)
    assert paper["title"] == "Optimal transport!"
    assert paper["externalIds"]["doi"] == "10.1000/a"
    assert [each["name"] for each in paper["sources"]] == ["a.jsonl", "b"]


def test_equal_titles_with_different_first_authors_stay_apart(store: Store) -> None:
    outcomes = write(
        store,
        record(authors=("Gaspard Monge",), abstract=ABSTRACT),
        record(authors=("Leonid Kantorovich",), abstract=ABSTRACT),
    )
    assert statuses(outcomes) == ["added", "added"]
    assert outcomes[0].id != outcomes[1].id


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (ABSTRACT, ABSTRACT, True),
        (ABSTRACT, ABSTRACT.replace("fast", "quick").upper(), True),
        (
            ABSTRACT,
            "A survey of something that only has the title in common with the other.",
            False,
        ),
        ("", "", False),
        (ABSTRACT, "", False),
    ],
)
def test_without_authors_the_abstract_decides(
    store: Store, first: str, second: str, same: bool
) -> None:
    write(store, record(abstract=first, author_count=3))
    outcomes = write(store, record(abstract=second, authors=("A B",)), name="b.jsonl")
    assert statuses(outcomes) == ["updated" if same else "added"]


@pytest.mark.parametrize("kind", ["arxiv", "doi", "acl", "s2", "openalex", "other"])
def test_two_ids_of_one_kind_never_merge(store: Store, kind: str) -> None:
    same: dict[str, Any] = {"authors": ("A B",), "abstract": ABSTRACT}
    outcomes = write(store, record(**same, **{kind: "1"}), record(**same, **{kind: "2"}))
    assert statuses(outcomes) == ["added", "added"]


def test_a_record_that_shares_one_id_and_contradicts_another_is_rejected(store: Store) -> None:
    (first,) = write(store, record(arxiv="2407.09941", doi="10.1000/a"))
    (second,) = write(store, record("Other", arxiv="2407.09941", doi="10.1000/b"))
    assert second.status == "rejected"
    assert second.id is None
    assert second.reason == (
        f"It has doi:10.1000/b, but the paper that it names is {first.id} with doi:10.1000/a."
    )
    assert store.position() == 1


def test_ids_of_two_papers_go_to_the_first_kind_and_take_nothing(store: Store) -> None:
    write(store, record("One", arxiv="2407.09941"), record("Two", doi="10.1000/a"))
    both = record("Three", arxiv="2407.09941", doi="10.1000/a", comments=4)
    assert statuses(write(store, both)) == ["updated"]
    assert statuses(write(store, both)) == ["unchanged"]
    one, two = papers(store)
    assert (one["comments"], one["externalIds"]["doi"]) == (4, None)
    assert (two["comments"], two["externalIds"]["doi"]) == (None, "10.1000/a")


def test_records_of_one_batch_meet(store: Store) -> None:
    outcomes = write(
        store,
        record("A", arxiv="2407.09941", authors=("N",)),
        record("B", arxiv="2407.09941"),
        record("A long title of B", arxiv="2407.09941"),
        record("a long title of b", authors=("N",), doi="10.1000/a"),
        record("Z", doi="10.1000/a"),
    )
    assert statuses(outcomes) == ["added", "updated", "updated", "updated", "unchanged"]
    assert store.count() == 1
    (paper,) = papers(store)
    assert paper["title"] == "A long title of B"


def test_the_same_bytes_are_the_same_paper_even_without_evidence(store: Store) -> None:
    bare = record("Preface")
    assert statuses(write(store, bare)) == ["added"]
    assert statuses(write(store, bare)) == ["unchanged"]
    assert statuses(store.write(source("renamed", "a.jsonl"), [bare])) == ["unchanged"]
    assert store.position() == 1


def test_bare_titles_of_a_newer_edition_are_the_papers_of_the_older(store: Store) -> None:
    first = [record("Preface"), record("Preface")]
    second = [record("Preface"), record("Preface"), record("Preface")]
    assert statuses(store.write(source("a", "edition 1"), first)) == ["added", "added"]
    outcomes = store.write(source("a", "edition 2"), second)
    assert statuses(outcomes) == ["updated", "updated", "added"]
    for edition, records in (("edition 1", first), ("edition 2", second)):
        again = store.write(source("a", edition), records)
        assert set(statuses(again)) == {"unchanged"}
    assert store.count() == 3


def test_bare_titles_of_other_files_are_other_papers(store: Store) -> None:
    write(store, record("Preface"))
    assert statuses(write(store, record("Preface"), name="b")) == ["added"]


def test_an_id_is_a_slug_of_the_title_with_a_hash(store: Store) -> None:
    title = "Ångström-scale  Imaging of Schrödinger's Cat: what the eye of the observer cannot see"
    (outcome,) = write(store, record(title))
    assert outcome.id is not None
    slug, _, digits = outcome.id.rpartition("-")
    assert slug == "angstrom-scale-imaging-of-schrodinger-s-cat-what-the-eye-of"
    assert len(digits) == 8
    assert int(digits, 16) >= 0


@pytest.mark.parametrize(
    "title",
    ["深度学习", "!!!", "2407.09941", "hep-th/9901001", "x" * 500, "C++", "Ünï", "a-b--c", "٣٤"],
)
def test_every_title_gets_a_well_formed_id_that_finds_its_paper(store: Store, title: str) -> None:
    (outcome,) = write(store, record(title))
    assert outcome.id is not None
    assert OWN_ID.fullmatch(outcome.id)
    assert len(outcome.id) <= 69
    assert arxiv_id(outcome.id) is None
    assert identifier_key(outcome.id) == outcome.id


def test_papers_of_one_title_get_different_ids_that_do_not_depend_on_the_shelf(
    store: Store,
) -> None:
    numbered = [record("Preface", doi=f"10.1000/{n}") for n in range(30)]
    bare = [record("Preface") for _ in range(30)]
    ids = [outcome.id for outcome in write(store, *numbered, *bare)]
    assert len(set(ids)) == 60
    store.remove([str(each) for each in ids])
    again = [outcome.id for outcome in write(store, *numbered, *bare)]
    assert again == ids


def test_our_own_id_is_kept(store: Store) -> None:
    (outcome,) = write(store, record(id="my-paper-1"))
    assert (outcome.id, outcome.status) == ("my-paper-1", "added")
    (outcome,) = write(store, record("A new title", id="my-paper-1"), name="b")
    assert (outcome.id, outcome.status) == ("my-paper-1", "updated")


def test_two_own_ids_are_two_papers_whatever_their_titles_are(store: Store) -> None:
    same: dict[str, Any] = {"authors": ("A",), "abstract": ABSTRACT}
    outcomes = write(store, record(id="one", **same), record(id="two", **same))
    assert [outcome.id for outcome in outcomes] == ["one", "two"]


def test_an_own_id_gives_way_to_the_paper_that_has_the_external_id(store: Store) -> None:
    (first,) = write(store, record(arxiv="2407.09941"))
    (second,) = write(store, record("X", id="mine", arxiv="2407.09941"), name="b")
    assert (second.id, second.status) == (first.id, "updated")


def test_an_own_id_against_external_ids_is_rejected(store: Store) -> None:
    write(store, record(id="one", arxiv="2407.09941"), record("B", id="two", doi="10.1000/a"))
    differs, elsewhere = write(
        store, record(id="one", arxiv="2407.00001"), record(id="one", doi="10.1000/a")
    )
    assert "arxiv:2407.00001" in (differs.reason or "")
    assert elsewhere.reason == "The id one is of one paper, its external ids are of another: two."


@pytest.mark.parametrize("bad", ["", "Upper", "a--b", "-a", "a/b", "ä", "x" * (MAX_ID_LENGTH + 1)])
def test_an_id_that_cannot_be_ours_is_rejected(store: Store, bad: str) -> None:
    (outcome,) = write(store, record(id=bad))
    assert outcome.status == "rejected"
