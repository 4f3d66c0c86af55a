"""Makes `index/folding_table.py` (run as a module; the text goes to standard output).

The table holds for the Unicode version that it names; a newer one only adds characters.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

WORD_BREAK = "\u200b"
"""The zero width space parts words; all other invisible format characters are inside of words."""
EXTRA = {"ς": "σ"}
LINE = 72


def is_removed(char: str) -> bool:
    """Marks (accents on any base) and invisible format characters leave nothing behind."""
    category = unicodedata.category(char)
    return category[0] == "M" or (category == "Cf" and char != WORD_BREAK)


def computed_table() -> dict[str, str]:
    """Every character above ASCII that NFKC can leave and folding changes, with what it becomes."""
    ascii_fold = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.ascii_fold()).build()

    def step(text: str) -> str:
        kept = (char for char in unicodedata.normalize("NFKC", text) if not is_removed(char))
        lower = (char for upper in kept for char in upper.lower() if not is_removed(char))
        return "".join(ascii_fold.analyze(EXTRA.get(char, char))[0] for char in lower)

    table = {}
    for char in map(chr, range(0x80, 0x110000)):
        if unicodedata.category(char) == "Cs" or unicodedata.normalize("NFKC", char) != char:
            continue
        folded, before = step(char), char
        while folded != before:
            folded, before = step(folded), folded
        if folded != char:
            table[char] = folded
    return table


def ranges(chars: Iterable[str]) -> Iterator[str]:
    """Hexadecimal code points, neighbours joined: `300-36f`."""
    points = sorted(map(ord, chars))
    start = previous = points[0]
    for point in [*points[1:], -1]:
        if point != previous + 1:
            yield f"{start:x}" if start == previous else f"{start:x}-{previous:x}"
            start = point
        previous = point


def lines(name: str, text: str, separator: str) -> Iterator[str]:
    """A constant written as strings side by side."""
    yield f"{name} = ("
    items = [item + separator for item in text.split(separator)] if separator else list(text)
    line = ""
    for item in items:
        if len(line) + len(item) > LINE:
            yield f'    "{line}"'
            line = ""
        line += item
    yield f'    "{line.rstrip()}"'
    yield ")"


def module() -> str:
    """The source text of `index/folding_table.py`."""
    table = computed_table()
    by_target: dict[str, list[str]] = defaultdict(list)
    for char, target in table.items():
        by_target[target].append(char)
    removed = by_target.pop("")
    alike = {t: "".join(c) for t, c in by_target.items() if len(c) > 1 or len(t) > 1}
    single = {c: t for c, t in table.items() if t and t not in alike}
    out = [
        '"""The table of `index.folding`, made by `tests.language.folding_table`; not edited."""',
        "",
        f'UNICODE_VERSION = "{unicodedata.unidata_version}"',
        "",
        "# Marks and invisible format characters, as hexadecimal code points.",
        *lines("REMOVED", " ".join(ranges(removed)), " "),
        "",
        "# Characters that become the key.",
        "ALIKE = {",
    ]
    for target in sorted(alike):
        chunks = [alike[target][at : at + LINE] for at in range(0, len(alike[target]), LINE)]
        key = "'\"'" if target == '"' else f'"{target}"'
        if len(chunks) == 1:
            out.append(f'    {key}: "{chunks[0]}",')
        else:
            out += [f"    {key}: (", *(f'        "{chunk}"' for chunk in chunks), "    ),"]
    out += ["}", "", "# Characters of the first become the character below them in the second."]
    out += [*lines("FROM", "".join(single), ""), *lines("TO", "".join(single.values()), "")]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    print(module(), end="")
