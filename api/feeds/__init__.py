"""Feeds: pages of papers as Atom, RSS and JSON Feed."""

from api.feeds.feed import NEWS, Feed, feed_of, feed_text
from api.feeds.json_feed import json_feed
from api.feeds.xml_feeds import atom, rss

__all__ = ["NEWS", "Feed", "atom", "feed_of", "feed_text", "json_feed", "rss"]
