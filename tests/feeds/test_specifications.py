"""What the specifications demand of a feed, one by one."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import orjson
import pytest

from tests.api.client import Client

ATOM = "{http://www.w3.org/2005/Atom}"
TARGETS = ["?limit=100", "?q=alignment&limit=3", "?q=nosuchword"]

_IRI = re.compile(r"(https?://|urn:uuid:)[^\s<>\"{}|\\^`]+")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def children(node: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return node.findall(f"{ATOM}{name}")


@pytest.mark.parametrize("query", TARGETS)
def test_atom_keeps_to_rfc_4287(client: Client, query: str) -> None:
    root = ElementTree.fromstring(client.get(f"/v1/papers.atom{query}").content)
    assert root.tag == f"{ATOM}feed"
    entries = children(root, "entry")
    for node in (root, *entries):  # sections 4.1.1 and 4.1.2: each exactly once
        for name in ("id", "title", "updated"):
            (child,) = children(node, name)
            assert child.text
        (identifier,), (updated,) = children(node, "id"), children(node, "updated")
        assert _IRI.fullmatch(identifier.text or "")
        assert _RFC3339.fullmatch(updated.text or ""), "section 3.3"
        links = [link.attrib for link in children(node, "link")]
        kinds = [(link["rel"], link.get("type"), link.get("hreflang")) for link in links]
        alternates = [kind for kind in kinds if kind[0] == "alternate"]
        assert len(alternates) == len(set(alternates)) >= 1, "one of each type"
        assert all(_IRI.fullmatch(link["href"]) for link in links)
        for author in children(node, "author"):
            (name,) = author
            assert name.tag == f"{ATOM}name"
            assert name.text
        assert all(category.attrib["term"] for category in children(node, "category"))
    assert children(root, "author"), "of the entries that have none"
    (own,) = [link for link in children(root, "link") if link.attrib["rel"] == "self"]
    assert own.attrib["type"] == "application/atom+xml"
    for entry in entries:
        assert len(children(entry, "summary")) <= 1
        assert len(children(entry, "published")) <= 1
    identifiers = [each.findtext(f"{ATOM}id") for each in entries]
    assert len(set(identifiers)) == len(identifiers)
    # Section 3: elements of other names, and text between elements, have no place here.
    assert all(each.tag.startswith(ATOM) for each in root.iter())


@pytest.mark.parametrize("query", TARGETS)
def test_rss_keeps_to_its_specification(client: Client, query: str) -> None:
    root = ElementTree.fromstring(client.get(f"/v1/papers.rss{query}").content)
    assert (root.tag, root.attrib) == ("rss", {"version": "2.0"})
    (channel,) = root
    for name in ("title", "link", "description"):
        (child,) = channel.findall(name)
        assert child.text
    assert parsedate_to_datetime(channel.findtext("lastBuildDate") or "").tzinfo
    (own,) = [link for link in channel.findall(f"{ATOM}link") if link.attrib["rel"] == "self"]
    assert own.attrib["type"] == "application/rss+xml"
    for item in channel.findall("item"):
        assert item.findtext("title")
        assert _IRI.fullmatch(item.findtext("link") or "")
        (guid,) = item.findall("guid")
        assert guid.attrib == {"isPermaLink": "false"}
        for date in item.findall("pubDate"):
            assert isinstance(parsedate_to_datetime(date.text or ""), datetime)
        for link in item.findall(f"{ATOM}link"):
            assert set(link.attrib) == {"rel", "title", "href"}


@pytest.mark.parametrize("query", TARGETS)
def test_json_feed_keeps_to_version_1_1(client: Client, query: str) -> None:
    feed = orjson.loads(client.get(f"/v1/papers.feed.json{query}").content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    assert isinstance(feed["items"], list)
    assert feed.keys() <= {
        *("version", "title", "home_page_url", "feed_url", "next_url", "authors", "items")
    }
    assert feed["authors"] == [{"name": "Papershelf"}]
    assert feed.get("next_url") != feed["feed_url"]
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert "content_text" in item
        assert _RFC3339.fullmatch(item["date_modified"])
        assert all(isinstance(tag, str) for tag in item.get("tags", ()))
        assert all(author["name"] for author in item.get("authors", ()))
        own = {"id", "url", "title", "content_text", "date_published", "date_modified"}
        assert item.keys() <= own | {"authors", "tags", "_papershelf"}
        assert None not in item.values(), "what is not known is left out"
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"])
