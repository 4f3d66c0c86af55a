"""Feeds in XML: Atom (RFC 4287, paged as RFC 5005, section 3, has it) and RSS 2.0."""

import re
from collections.abc import Mapping
from email.utils import format_datetime
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from api.feeds.feed import NAME, Entry, Feed, rfc3339
from api.operation import ATOM_MEDIA, JSON, RSS_MEDIA
from api.version import program_version

_ATOM = "http://www.w3.org/2005/Atom"
_DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"

_NO_CHARACTER = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can hold in no way (section 2.2)."""


def atom(feed: Feed) -> bytes:
    """A feed as Atom."""
    root = Element("feed", {"xmlns": _ATOM})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", rfc3339(feed.updated))
    _add(_add(root, "author"), "name", NAME)
    _add(root, "generator", NAME, {"version": program_version()})
    _add(root, "link", attributes={"rel": "alternate", "type": JSON, "href": feed.data})
    _neighbours(root, "link", ATOM_MEDIA, feed)
    for each in feed.entries:
        _atom_entry(_add(root, "entry"), each)
    return _document(root)


def _atom_entry(node: Element, entry: Entry) -> None:
    _add(node, "id", entry.id)
    _add(node, "title", entry.title)
    _add(node, "updated", rfc3339(entry.updated))
    if entry.published:
        _add(node, "published", rfc3339(entry.published))
    for name in entry.authors:
        _add(_add(node, "author"), "name", name)
    _add(node, "link", attributes={"rel": "alternate", "href": entry.page})
    if entry.page != entry.own:
        _add(node, "link", attributes={"rel": "alternate", "type": JSON, "href": entry.own})
    _related(node, "link", entry)
    for name in entry.categories:
        _add(node, "category", attributes={"term": name})
    if entry.summary:
        _add(node, "summary", entry.summary)


def rss(feed: Feed) -> bytes:
    """A feed as RSS 2.0, with the elements of Atom and Dublin Core for what RSS has none for."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": _ATOM, "xmlns:dc": _DUBLIN_CORE})
    channel = _add(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.home)
    _add(channel, "description", feed.title)
    _add(channel, "generator", f"{NAME} {program_version()}")
    _add(channel, "lastBuildDate", format_datetime(feed.updated))
    _neighbours(channel, "atom:link", RSS_MEDIA, feed)
    for each in feed.entries:
        _rss_item(_add(channel, "item"), each)
    return _document(root)


def _rss_item(node: Element, entry: Entry) -> None:
    _add(node, "title", entry.title)
    _add(node, "link", entry.page)
    _add(node, "guid", entry.id, {"isPermaLink": "false"})
    if entry.published:
        _add(node, "pubDate", format_datetime(entry.published))
    _add(node, "atom:updated", rfc3339(entry.updated))
    for name in entry.authors:
        _add(node, "dc:creator", name)
    _related(node, "atom:link", entry)
    for name in entry.categories:
        _add(node, "category", name)
    if entry.summary:
        _add(node, "description", escape(entry.summary, quote=False))  # it is read as HTML


def _neighbours(node: Element, tag: str, media: str, feed: Feed) -> None:
    """Links to the feed itself and to its neighbouring pages."""
    ways = (("self", feed.own), ("next", feed.following), ("previous", feed.previous))
    for relation, address in ways:
        if address:
            _add(node, tag, attributes={"rel": relation, "type": media, "href": address})


def _related(node: Element, tag: str, entry: Entry) -> None:
    for link in entry.related:
        title, address = link["kind"], link["url"]
        _add(node, tag, attributes={"rel": "related", "title": title, "href": address})


def _add(
    node: Element, tag: str, text: str | None = None, attributes: Mapping[str, str] | None = None
) -> Element:
    """A new last child, without the characters that XML cannot hold."""
    held = {name: _NO_CHARACTER.sub("", value) for name, value in (attributes or {}).items()}
    child = SubElement(node, tag, held)
    child.text = text and _NO_CHARACTER.sub("", text)
    return child


def _document(root: Element) -> bytes:
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document
