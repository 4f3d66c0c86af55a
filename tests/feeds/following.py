"""Feeds as a reader of feeds sees them, in the three forms that there are."""

from dataclasses import dataclass
from typing import Any

import feedparser
import httpx
import orjson

MEDIA = {
    ".atom": "application/atom+xml",
    ".rss": "application/rss+xml",
    ".feed.json": "application/feed+json",
}
"""By suffix."""


@dataclass(frozen=True)
class Item:
    """An entry as read."""

    id: str
    title: str
    summary: str
    link: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    related: tuple[str, ...]
    published: str | None
    updated: str


@dataclass(frozen=True)
class Read:
    """A feed as read; `id` only of Atom."""

    title: str
    own: str
    following: str | None
    items: list[Item]
    id: str | None = None
    updated: str | None = None


def read(answer: httpx.Response) -> Read:
    """The feed of an answer, by feedparser if it is of XML; fails for one that is not well made."""
    assert answer.status_code == 200, answer.text
    media = answer.headers["content-type"]
    if media.startswith(MEDIA[".feed.json"]):
        return _json_feed(orjson.loads(answer.content))
    # Told the type of the answer, feedparser also complains of a wrong one.
    found = feedparser.parse(answer.content, response_headers={"content-type": media})
    assert not found.bozo, found.bozo_exception
    assert found.version == ("atom10" if media.startswith(MEDIA[".atom"]) else "rss20")
    feed = found.feed
    links = {link["rel"]: link["href"] for link in feed.links}
    return Read(
        title=feed.title,
        own=links["self"],
        following=links.get("next"),
        items=[_item(each) for each in found.entries],
        id=feed.get("id"),
        updated=feed.updated,
    )


def _item(entry: Any) -> Item:
    return Item(
        id=entry.id,
        title=entry.title,
        summary=entry.get("summary", ""),
        link=entry.link,
        authors=tuple(author["name"] for author in entry.get("authors", ())),
        categories=tuple(tag["term"] for tag in entry.get("tags", ())),
        related=tuple(link["href"] for link in entry.links if link["rel"] == "related"),
        published=entry.get("published"),
        updated=entry.updated,
    )


def _json_feed(feed: dict[str, Any]) -> Read:
    return Read(
        title=feed["title"],
        own=feed["feed_url"],
        following=feed.get("next_url"),
        items=[
            Item(
                id=item["id"],
                title=item["title"],
                summary=item["content_text"],
                link=item["url"],
                authors=tuple(author["name"] for author in item.get("authors", ())),
                categories=tuple(item.get("tags", ())),
                related=tuple(link["url"] for link in item["_papershelf"]["links"]),
                published=item.get("date_published"),
                updated=item["date_modified"],
            )
            for item in feed["items"]
        ],
    )
