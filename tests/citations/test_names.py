"""Names taken apart, and those that must stay whole."""

import pytest
from hypothesis import given, seed

from api.citations.names import Name, split_name
from api.facts import one_line
from tests.citations.papers import NASTY
from tests.citations.reading import words
from tests.scale import SEED


@pytest.mark.parametrize(
    ("text", "given_name", "particle", "family", "suffix"),
    [
        ("Albert Gu", "Albert", "", "Gu", ""),
        ("Gu, Albert", "Albert", "", "Gu", ""),
        ("Gabriel García Márquez", "Gabriel García", "", "Márquez", ""),
        ("García Márquez, Gabriel", "Gabriel", "", "García Márquez", ""),
        ("Ludwig van Beethoven", "Ludwig", "van", "Beethoven", ""),
        ("van der Berg, Jan Willem", "Jan Willem", "van der", "Berg", ""),
        ("Gido M. van de Ven", "Gido M.", "van de", "Ven", ""),
        ("Toon Van de Maele", "Toon", "Van de", "Maele", ""),
        ("José Ortega y Gasset", "José", "", "Ortega y Gasset", ""),
        ("Geert-Jan 't Hooft", "Geert-Jan 't", "", "Hooft", ""),
        ("bell hooks", "bell", "", "hooks", ""),
        ("Van Nguyen", "Van", "", "Nguyen", ""),
        ("Hal Daumé III", "Hal", "", "Daumé", "III"),
        ("Sammy Davis Jr.", "Sammy", "", "Davis", "Jr."),
        ("Sammy Davis, Jr.", "Sammy", "", "Davis", "Jr."),
        ("Henry II", "Henry", "", "II", ""),
        ("Youssef Al Mouatamid", "Youssef Al", "", "Mouatamid", ""),
        ("O'Neil, Cathy", "Cathy", "", "O'Neil", ""),
        ("Anna-Lena Müller-Schmidt", "Anna-Lena", "", "Müller-Schmidt", ""),
        ("Дмитрий Иванов", "Дмитрий", "", "Иванов", ""),
    ],
)
def test_a_name_has_parts(
    text: str, given_name: str, particle: str, family: str, suffix: str
) -> None:
    assert split_name(text) == Name(family, given_name, particle, suffix)


@pytest.mark.parametrize(
    "text",
    [
        "Plato",
        "others",
        "李飞飞",
        "李 飞飞",
        "김 민준",
        "山田 太郎",
        "DeepSeek-AI",
        "01.AI Research",
        "The ATLAS Collaboration",
        "Qwen Team",
        "Institute of Science and Technology",
        "AT&T & Friends",
        "OpenAI, Inc.",
        "University of Somewhere, Elsewhere",
        "Smith, John, PhD, MD",
        "Smith,",
        ", John",
        "Marie Curie et al.",
        "and Jun Wang",
        "Wang,and",
        "Lee, Ann and",
        "Doe, Jr.",
    ],
)
def test_a_name_stays_whole(text: str) -> None:
    assert split_name(text) == Name(text, whole=True)


@seed(SEED)
@given(NASTY.map(one_line).filter(bool))
def test_no_part_of_a_name_is_lost(text: str) -> None:
    name = split_name(text)
    parts = [name.given, name.particle, name.family, name.suffix]
    assert words([" ".join(parts)]) == words([text])
    assert name.family
    assert name.whole or name.given
