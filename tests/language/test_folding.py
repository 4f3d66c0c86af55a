import random
import unicodedata

import pytest

from index import folding, folding_table
from index.folding import fold
from tests.language.folding_table import computed_table
from tests.scale import SEED, scaled

EVERY_CHARACTER = [chr(point) for point in range(0x110000)]
COMPOSING = [*"a각각か", "\u0301", "\u3099", "\u200d", "\u0345", "\uff9e", "\u0f71", "\u05bc"]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Naïve CAFE\u0301", "naive cafe"),
        ("Łódź, Ærøskøbing, Straße, Þór, İstanbul", "lodz, aeroskobing, strasse, thor, istanbul"),
        ("ΛΟΓΟΣ λόγος", "λογοσ λόγοσ"),
        ("ﬁne ２０２５ x² ½ ﬀ", "fine 2025 x2 1/2 ff"),
        ("don’t “quote” a–b", 'don\'t "quote" a-b'),
        ("align\u00adment zero\u200bwidth \ufeffmark", "alignment zero\u200bwidth mark"),
        ("ＨＡＬＦ ﾊﾟ", "half パ"),
        ("각 가", "각 가"),
        ("", ""),
        ("\ud800 \x00", "\ud800 \x00"),
    ],
)
def test_case_accents_and_width_do_not_matter(text, folded):
    assert fold(text) == folded


def test_folding_every_character_twice_changes_nothing_more():
    assert [c for c in EVERY_CHARACTER if fold(fold(c)) != fold(c)] == []


def test_folding_strings_twice_changes_nothing_more():
    draw = random.Random(SEED)
    for _ in range(scaled(50_000)):
        text = "".join(draw.choice(draw.choice((EVERY_CHARACTER, COMPOSING))) for _ in range(6))
        assert fold(fold(text)) == fold(text), ascii(text)


def test_characters_fold_alike_alone_and_among_others():
    for char in map(chr, folding._TABLE):
        alone = unicodedata.category(char)[0] != "M"
        assert not alone or fold(f"a {char} б") == f"a {fold(char)} б"


@pytest.mark.skipif(
    unicodedata.unidata_version != folding_table.UNICODE_VERSION,
    reason="the table is that of another Unicode version",
)
def test_the_table_is_what_its_generator_computes():
    computed = computed_table()
    table = {chr(point): target for point, target in folding._TABLE.items()}
    assert table == computed
