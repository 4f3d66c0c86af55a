"""A question in words, for the title of a feed."""

from collections.abc import Callable, Mapping, Sequence


def _order(value: str) -> str:
    keys = (key.strip() for key in value.replace(" or ", ",").split(","))
    told = (f"{key[1:]} descending" if key.startswith("-") else key for key in keys)
    return f"ordered by {' and '.join(told)}"


WORDS: Mapping[str, Callable[[str], str]] = {
    "author": "by {}".format,
    "category": "in {}".format,
    "year": "of {}".format,
    "from": "published from {} on".format,
    "to": "published until {}".format,
    "month": "published in {}".format,
    "listedOn": "listed on {}".format,
    "listedWeek": "listed in {}".format,
    "listedMonth": "listed in {}".format,
    "minAuthors": "with {} authors or more".format,
    "maxAuthors": "with {} authors or fewer".format,
    "minComments": "with {} comments or more".format,
    "hasCode": lambda value: "with code" if value == "true" else "without code",
    "source": "from {}".format,
    "ids": "with the ids {}".format,
    "match": lambda value: {"all": "with all words", "any": "with any word"}.get(value, ""),
    "sort": _order,
}
"""What a parameter adds to the title, by its name."""

MAX_TITLE = 200
"""Characters of a title; a question may have thousands."""


def page_title(given: Sequence[tuple[str, str]]) -> str:
    """The title of the papers that parameters ask for, as they stand in a URL.

    Values of one name are joined by "or", as they mean.
    """
    values: dict[str, list[str]] = {}
    for name, value in given:
        if value.strip():
            values.setdefault(name, []).append(" ".join(value.split()))
    query = values.pop("q", [""])[0]
    parts = [WORDS[name](" or ".join(found)) for name, found in values.items() if name in WORDS]
    title = "Papershelf: " + (f"papers on “{query}”" if query else "papers")
    title = ", ".join([title, *(part for part in parts if part)])
    return title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"


def day_title(day: str) -> str:
    """The title of the papers of a day, or of the newest if it is empty."""
    return f"Papershelf: papers of {day or 'the newest day'}"
