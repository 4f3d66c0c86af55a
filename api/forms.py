"""Which form an answer gets, by the end of its path or by `Accept`, and making that of its JSON."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from starlette.types import Scope

from api.delivery import Planned, content_tag
from api.dispatch import Call, Row, nothing_at
from api.feeds import feed_text
from api.http import Answer, Header, chosen_media
from api.operation import JSON, Operation
from api.pool import Pool
from api.renderings import RENDERED_AT_ONCE, RENDERINGS, Rendering, named_renderings
from api.web import visited_address
from index.shelf import Shelf
from schema.errors import Problem

_DOOR, _PAPER = "/v1/", "/v1/papers/"

_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9.-]+")
_LONGEST_NAME = 100


class Forms:
    """The forms of the answers of one door; `public_url` stands before links."""

    def __init__(self, shelf: Shelf, pool: Pool, public_url: str) -> None:
        self._shelf = shelf
        self._pool = pool
        self._public_url = public_url

    def named(self, path: str) -> tuple[str, Rendering | None]:
        """A path without the suffix that names a form, and that form.

        What is the id of a paper as it stands, such as a DOI, keeps its end. Where two suffixes
        fit, the longer is meant, unless the shorter leaves the id of a paper and it does not.
        """
        fitting = named_renderings(path)
        if not fitting:
            return path, None
        identifier = path.removeprefix(_PAPER)
        if identifier != path:
            if self._is_id(identifier):
                return path, None
            for each in fitting[1:] and fitting:
                if self._is_id(identifier.removesuffix(each.suffix)):
                    return path.removesuffix(each.suffix), each
        return path.removesuffix(fitting[0].suffix), fitting[0]

    def _is_id(self, text: str) -> bool:
        """Whether a text is an id of a paper, or of one that was removed."""
        try:
            self._shelf.paper(text)
        except Problem as problem:
            return problem.code == "paper-removed"
        return True

    def formed(self, planned: Planned, call: Call) -> Planned:
        """The same answer in the form of its call; its validator is of the JSON's and the form."""
        suffix = call.rendering.suffix
        # Links to other pages lead on in the way that was asked: by the suffix, or by the header.
        way = suffix if call.scope["path"].endswith(suffix) else suffix.replace(".", "-")
        tag = planned.tag and planned.tag + way.encode()
        if tag and call.rendering.feed:  # whose addresses are whole
            tag += b"-" + content_tag(self._base(call).encode())[:12]
        return replace(planned, make=partial(self._form, planned, call, tag), tag=tag)

    def _base(self, call: Call) -> str:
        """What stands before links: feeds are read elsewhere, so theirs begin with a host."""
        feed = call.rendering.feed
        return visited_address(call.scope) if feed and not self._public_url else self._public_url

    async def _form(self, planned: Planned, call: Call, tag: bytes) -> Answer:
        answer, rendering = await planned.make(), call.rendering
        name = planned.schema_name or call.operation.answer.content[JSON]
        if rendering.papers:
            answer = replace(answer, headers=[*answer.headers, _file_name(call)])
        if rendering.media == JSON or name is None or answer.media != JSON.encode():
            return replace(answer, tag=tag or answer.tag + rendering.suffix.encode())
        base = self._base(call)
        if rendering.feed:
            view = planned.view or self._shelf.view
            render = partial(feed_text, rendering.feed, rendering.suffix, answer.body, base, view)
        else:
            render = partial(rendering.render, name, answer.body, base)
        body = await self._pool.run(render) if len(answer.body) > RENDERED_AT_ONCE else render()
        return replace(answer, body=body, media=media_type(rendering), tag=tag or content_tag(body))


def offering(named: Rendering, methods: Mapping[str, Row], path: str) -> Mapping[str, Row]:
    """The rows of an address that have the form that its path names; what is written has none.

    Raises `Problem` `route-not-found` where there is no such row.
    """
    found = {
        method: row
        for method, row in methods.items()
        if named.media in row[0].answer.content and not row[0].secured
    }
    if not found:
        raise nothing_at(path)
    return found


def chosen_form(scope: Scope, operation: Operation) -> Rendering:
    """The form of an answer that the client likes best; raises `Problem` `not-acceptable`."""
    return RENDERINGS[chosen_media(scope, tuple(operation.answer.content))]


def media_type(rendering: Rendering) -> bytes:
    """The `Content-Type` of a form that is text."""
    return f"{rendering.media}; charset=utf-8".encode()


def _file_name(call: Call) -> Header:
    """What a browser is to call the file that it makes of this answer (RFC 6266)."""
    path = call.operation.prefix + call.rest + call.operation.suffix
    name = path.removeprefix(_DOOR).removeprefix("papers/")
    name = _NO_FILE_NAME.sub("-", name).strip("-.")[:_LONGEST_NAME]
    full = f"{name}{call.rendering.suffix}"
    return b"content-disposition", f'attachment; filename="{full}"'.encode()
