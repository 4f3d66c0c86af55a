"""What every engine indexes of a document: ready tokens, the same strings for all of them."""

from index.analysis import gapped, name_words, stems, words
from index.document import ENOUGH_WORDS, HEADING, IndexDocument

FORMAT = 4
"""Version of what is written into an index; raise it when the analysis or a field changes, and
every index of the older version is made anew."""

SURFACE_FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("titleWords", "abstractWords"),
    "title": ("titleWords",),
    "abstract": ("abstractWords",),
    "author": ("author",),
}
"""Where the surface words of a text field are: prefixes, wildcards and fuzzy words look there."""

WORD_FIELDS = ("titleWords", "abstractWords")
"""Surface words without positions: nothing but whole words is asked of them."""


def ready_texts(document: IndexDocument) -> dict[str, str]:
    """The token strings of a document by field, words between single spaces.

    `index.analysis.GAP_TOKEN` stands for an empty position. Word fields hold each word once.
    """
    title, abstract = stems(document.title), stems(document.abstract)
    return {
        "text": gapped((title, title, abstract)),
        "title": " ".join(title),
        "abstract": " ".join(abstract),
        HEADING: " ".join(title) if len(abstract) >= ENOUGH_WORDS else "",
        "author": gapped([name_words(name) for name in document.authors]),
        "titleWords": " ".join(dict.fromkeys(words(document.title))),
        "abstractWords": " ".join(dict.fromkeys(words(document.abstract))),
    }
