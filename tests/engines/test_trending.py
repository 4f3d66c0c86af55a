"""The order of attention and freshness."""

from datetime import date, timedelta

import pytest

from index.document import trending


@pytest.mark.parametrize(
    ("listed", "upvotes", "comments", "expected"),
    [
        (None, 1000, 5, None),
        ("1970-01-01", None, None, 0),
        ("1970-01-08", 0, None, 1000),
        ("1970-01-01", 1, None, 1000),
        ("1970-01-01", 3, 4, 3000),
        ("1970-01-01", None, 7, 3000),
        ("1969-12-01", 0, 0, 0),
        ("2025-12-12", 0, 0, round(20434 * 1000 / 7)),
    ],
)
def test_the_formula(
    listed: str | None, upvotes: int | None, comments: int | None, expected: int | None
) -> None:
    assert trending(listed, upvotes, comments) == expected


def test_a_doubling_of_attention_is_worth_a_week() -> None:
    start = date(2025, 3, 1)
    for exponent in range(1, 31):
        older = trending(start.isoformat(), 2**exponent - 1, 0)
        newer = trending((start + timedelta(days=7)).isoformat(), 2 ** (exponent - 1) - 1, None)
        assert older == newer


def test_every_value_fits_a_sort_key() -> None:
    most = trending("9999-12-31", 2**31 - 1, 2**31 - 1)
    assert most is not None
    assert 0 < most < 2**31
