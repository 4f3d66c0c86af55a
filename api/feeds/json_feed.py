"""Feeds in JSON: version 1.1 of https://www.jsonfeed.org/version/1.1/."""

from typing import Any

import orjson

from api.feeds.feed import NAME, Entry, Feed, rfc3339

_VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: Feed) -> bytes:
    """A feed as a JSON Feed; what is not known is left out, as the format has it."""
    members = {
        "version": _VERSION,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.own,
        "next_url": feed.following,
        "authors": [{"name": NAME}],
    }
    return orjson.dumps(_known(members) | {"items": [_known(_item(each)) for each in feed.entries]})


def _item(entry: Entry) -> dict[str, Any]:
    """An item; `_papershelf` is an extension: the paper's address here, and its other links."""
    links = [{"url": link["url"], "kind": link["kind"]} for link in entry.related]
    return {
        "id": entry.id,
        "url": entry.page,
        "title": entry.title,
        "content_text": entry.summary or entry.title,
        "date_published": entry.published and rfc3339(entry.published),
        "date_modified": rfc3339(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(entry.categories),
        "_papershelf": {"paper": entry.own, "links": links},
    }


def _known(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
