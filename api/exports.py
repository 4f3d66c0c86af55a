"""Papers one after another in another form than JSON: a page of a search, or its whole result."""

from collections.abc import Iterator

from api.asked import Asked
from api.formats import PaperFormat
from api.forms import media_type
from api.http import NEGOTIATED, Answer
from api.renderings import Rendering
from index.searches import Answer as Found
from index.shelf import Shelf
from index.view import View
from schema.errors import ParameterError, Problem
from schema.search import Extras


def listing_format(rendering: Rendering, extras: Extras) -> PaperFormat | None:
    """How a form lists papers with the members that were asked for; None where JSON is needed.

    Raises `Problem` `parameter-conflict` for what such a list cannot show.
    """
    shown = [
        ("facets", bool(extras.facets)),
        ("highlight", extras.highlight),
        ("explain", extras.explain),
        ("fields", extras.fields is not None),
    ]
    errors = [
        ParameterError(
            name,
            "parameter-conflict",
            f"`{name}` cannot be had as {rendering.name}; leave it out, or take another form.",
        )
        for name, is_asked in shown
        if is_asked and name in rendering.without
    ]
    if errors:
        raise Problem(errors[0].code, errors[0].message, errors)
    if rendering.chosen and extras.fields is not None:
        return rendering.chosen(extras.fields)
    return rendering.papers


def page_text(papers: PaperFormat, found: Found) -> bytes:
    """A page of a search."""
    return b"".join(papers.parts(found.rows))


async def whole_result(
    shelf: Shelf, asked: Asked, rendering: Rendering, papers: PaperFormat, view: View, tag: bytes
) -> Answer:
    """All papers that a search finds in a view, as parts; raises `Problem` for its query."""
    plan = shelf.plan(asked.request, view)
    view.open_snapshot()
    whole = asked.request.extras.whole

    def parts() -> Iterator[bytes]:
        return papers.parts(shelf.export(plan, whole=whole))

    return Answer(b"", media=media_type(rendering), tag=tag, vary=NEGOTIATED, parts=parts)
