"""Identifiers of papers as people write them, and the one normal form that we store and compare."""

import re

from schema.record import ExternalIdKind

OWN_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
MAX_ID_LENGTH = 200
_KINDS = frozenset(ExternalIdKind)  # `in` an enum refuses strings before Python 3.12

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_ARXIV = re.compile(r"(\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.I | re.A)
_DOI = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)
_ACL = re.compile(r"[A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+", re.ASCII)
_ARXIV_DOI = "10.48550/arxiv."
_DOI_RESOLVER = re.compile(r"https?://(?:dx\.)?doi\.org/", re.I)


def arxiv_id(text: str) -> str | None:
    """A bare arXiv id, new (`2407.09941`) or old (`hep-th/9901001`), without version; or None."""
    found = _ARXIV.fullmatch(text)
    return found[1].lower() if found else None


def doi(text: str) -> str | None:
    """A DOI in lower case, without `doi:` or resolver; None if it is not one."""
    bare = _DOI_RESOLVER.sub("", text.strip(), count=1)
    bare = bare[4:] if bare[:4].lower() == "doi:" else bare
    return bare.lower() if _DOI.fullmatch(bare) else None


def doi_identity(text: str) -> tuple[ExternalIdKind, str] | None:
    """What a DOI identifies: arXiv's own DOIs (10.48550/arXiv.X) are the arXiv id, else itself.

    So a paper may have the publisher's DOI besides, which its arXiv DOI would contradict.
    """
    normal = doi(text)
    if normal is None:
        return None
    arxiv = arxiv_id(normal.removeprefix(_ARXIV_DOI)) if normal.startswith(_ARXIV_DOI) else None
    return (ExternalIdKind.ARXIV, arxiv) if arxiv else (ExternalIdKind.DOI, normal)


def acl_id(text: str) -> str | None:
    """An ACL Anthology id (`D16-2004`, `2020.acl-main.1`); None if it has not that shape."""
    return text if _ACL.fullmatch(text) else None


def identifier_key(text: str) -> str | None:
    """The key under which an identifier is looked up, or None if the text can be none.

    Our own id stands for itself; external ids become `kind:value`. `arxiv:2407.09941`, a bare
    arXiv id, `doi:10...` and `acl:D16-2004` are understood, as is any other `kind:value`.
    """
    if not text or len(text) > MAX_ID_LENGTH or _CONTROL.search(text):
        return None
    prefix, colon, value = text.partition(":")
    if colon:
        kind = prefix.lower()
        if kind not in _KINDS or not value:
            return None
        if kind == ExternalIdKind.DOI:
            identity = doi_identity(value)
            return ":".join(identity) if identity else None
        normal = {"arxiv": arxiv_id, "acl": acl_id}.get(kind, str)(value)
        return f"{kind}:{normal}" if normal else None
    if OWN_ID.fullmatch(text):
        return text
    bare = arxiv_id(text)
    return f"arxiv:{bare}" if bare else None
