"""Identifiers as people write them."""

import pytest

from schema.identifiers import OWN_ID, identifier_key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("2407.09941", "arxiv:2407.09941"),
        ("2407.09941v3", "arxiv:2407.09941"),
        ("arXiv:2407.09941", "arxiv:2407.09941"),
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("arxiv:math.GT/0309136v1", "arxiv:math.gt/0309136"),
        ("doi:10.1000/ABC.5", "doi:10.1000/abc.5"),
        ("doi:https://doi.org/10.1000/ABC", "doi:10.1000/abc"),
        ("doi:10.48550/arXiv.2407.09941", "arxiv:2407.09941"),
        ("doi:10.48550/arXiv.nothing", "doi:10.48550/arxiv.nothing"),
        ("acl:D16-2004", "acl:D16-2004"),
        ("acl:2020.acl-main.1", "acl:2020.acl-main.1"),
        ("s2:abc", "s2:abc"),
        ("hydra-bidirectional-12ab34cd", "hydra-bidirectional-12ab34cd"),
        ("", None),
        ("arxiv:", None),
        ("arxiv:x", None),
        ("isbn:123", None),
        ("Hydra", None),
        ("a b", None),
        ("a\x00b", None),
        ("x" * 201, None),
        ("other:\ud800", None),
    ],
)
def test_an_identifier_has_one_key(written: str, key: str | None) -> None:
    assert identifier_key(written) == key


def test_own_ids_cannot_be_taken_for_others() -> None:
    for text in ("2407.09941", "hep-th/9901001", "10.1000/x", "D16-2004"):
        assert not OWN_ID.fullmatch(text)
