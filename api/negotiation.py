"""What a client takes: media types and content codings with weights (RFC 9110, section 12.5)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

MAX_RANGES = 50
"""Members of a header that are read."""

MAX_REMEMBERED = 500
"""Characters of a header that is worth remembering; a browser's has about 150."""

CODINGS = ("zstd", "br", "gzip")
"""What we can apply, the cheapest for its size first: a client that takes several gets that."""


def preferred_media(accept: str, offered: Sequence[str]) -> str | None:
    """The media type of `offered` to answer with, None if the client takes none of them.

    `accept` is the header's value; without one the first is taken. Types in `offered` are lower
    case, and the first goes before others of the same weight.
    """
    if not accept:
        return offered[0]
    if len(accept) > MAX_REMEMBERED:
        return _preferred_media(accept, tuple(offered))
    return _remembered_media(accept, tuple(offered))


def _preferred_media(accept: str, offered: tuple[str, ...]) -> str | None:
    ranges = media_ranges(accept)
    if not ranges:
        return offered[0]
    weights = [media_weight(media, ranges) for media in offered]
    best = max(weights)
    return offered[weights.index(best)] if best > 0 else None


def preferred_coding(accept_encoding: str, offered: tuple[str, ...] = CODINGS) -> str | None:
    """The coding of `offered` that a client likes best; None for the identity.

    The identity goes before a coding only where the client gives it a greater weight. A client
    that forbids it, and takes no coding of ours, gets it all the same, as the RFC allows.
    """
    if not accept_encoding:
        return None
    if len(accept_encoding) > MAX_REMEMBERED:
        return _preferred_coding(accept_encoding, offered)
    return _remembered_coding(accept_encoding, offered)


def media_ranges(accept: str) -> Mapping[str, float]:
    """Media ranges of an `Accept` header in lower case, and their weights.

    What is no range is passed over, so a header of nonsense is as good as none. A range for
    another charset than UTF-8 has weight 0: we never answer in one.
    """
    return _media_ranges(accept) if len(accept) > MAX_REMEMBERED else _remembered_ranges(accept)


def media_weight(media: str, ranges: Mapping[str, float]) -> float:
    """The weight of a media type: that of the most specific range that it falls in, else 0."""
    for candidate in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0.0


def _ranges(text: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for part in text.lower().split(",", MAX_RANGES)[:MAX_RANGES]:
        name, *parameters = (each.strip() for each in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = (each.strip() for each in parameter.partition("="))
            if key == "q":
                weight = _quality(value)
            elif key == "charset" and value.strip('"') not in ("utf-8", "utf8"):
                weight = 0.0
        if name:
            ranges[name] = weight
    return ranges


def _media_ranges(text: str) -> dict[str, float]:
    return {name: weight for name, weight in _ranges(text).items() if "/" in name}


def _quality(text: str) -> float:
    """A weight of 0 to 1; what is none counts as not written."""
    try:
        weight = float(text)
    except ValueError:
        return 1.0
    return weight if 0 <= weight <= 1 else 1.0


def _preferred_coding(text: str, offered: tuple[str, ...]) -> str | None:
    ranges = _ranges(text)
    if "x-gzip" in ranges:
        ranges.setdefault("gzip", ranges["x-gzip"])
    rest = ranges.get("*", 0.0)
    weights = {coding: ranges.get(coding, rest) for coding in offered}
    best = max(offered, key=lambda coding: weights[coding])
    if weights[best] <= 0 or ranges.get("identity", 0.0) > weights[best]:
        return None
    return best


_remembered_media = lru_cache(256)(_preferred_media)
_remembered_ranges = lru_cache(256)(_media_ranges)
_remembered_coding = lru_cache(256)(_preferred_coding)
