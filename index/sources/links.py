"""Links of a paper: found in running text, brought to one canonical form, and sorted by kind.

Canonical is: `https` where the host is known to have it, host in lower case without `www.`, mirror
hosts mapped back, no punctuation of the sentence around it, no final `.git`, and on known hosts
no final slash. A page on a host for pages (`*.github.io`, `sites.google.com` ...) is a `project`;
a site that the tables do not know is `other`: what it is would be a guess.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from index.sources.limits import MAX_LINKS, MAX_URL
from schema.identifiers import acl_id, arxiv_id, doi_identity
from schema.record import ExternalIdKind, Link, LinkKind

_ESCAPED = re.compile(r"\\{1,2}([_%#&~$])")
_BARE_HOSTS = (
    r"github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com|huggingface\.co|hf\.co"
    r"|anonymous\.4open\.science|sites\.google\.com|arxiv\.org|doi\.org|aclanthology\.org"
)
_URL_CHARACTERS = r"[!\#%-;=?-\[\]_a-z~]"  # printable ASCII without " $ < > \ ^ ` { | }
_FOUND = re.compile(
    rf"""https?://{_URL_CHARACTERS}+
       | (?<![\w@./:&?=%~-])(?:www\.)?
         (?:(?:{_BARE_HOSTS})/|[a-z0-9-]{{1,63}}\.github\.io\b){_URL_CHARACTERS}*""",
    re.VERBOSE | re.IGNORECASE,
)
_HINTS = ("://", ".com/", ".org/", ".co/", ".science/", ".github.io")  # else there is none
_TRAILING = ".,;:!?'\"*"
_BRACKETS = {")": "(", "]": "["}

_ALIASES = {
    "aqinghuggingface.aqing5501.com": "huggingface.co",
    "hf-mirror.com": "huggingface.co",
    "hf.co": "huggingface.co",
    "dx.doi.org": "doi.org",
    "export.arxiv.org": "arxiv.org",
    "browse.arxiv.org": "arxiv.org",
    "xxx.lanl.gov": "arxiv.org",
    "m.github.com": "github.com",
}
_CODE_HOSTS = {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitee.com"}
_PAPER_HOSTS = {
    "arxiv.org",
    "doi.org",
    "aclanthology.org",
    "openreview.net",
    "ar5iv.org",
    "biorxiv.org",
    "medrxiv.org",
    "proceedings.mlr.press",
    "papers.nips.cc",
    "proceedings.neurips.cc",
    "openaccess.thecvf.com",
    "dl.acm.org",
    "ieeexplore.ieee.org",
    "semanticscholar.org",
}
_PROJECT_HOSTS = {"sites.google.com"}
_PROJECT_SUFFIXES = (
    ".github.io",
    ".gitlab.io",
    ".netlify.app",
    ".vercel.app",
    ".pages.dev",
    ".hf.space",
)
_KNOWN_HOSTS = (
    _CODE_HOSTS | _PAPER_HOSTS | _PROJECT_HOSTS | {"huggingface.co", "anonymous.4open.science"}
)
_NOT_OWNERS = {  # first path segments that are rooms of the site, not owners of repositories
    "github.com": {"orgs", "topics", "sponsors", "features", "about", "marketplace", "collections"},
    "huggingface.co": {"blog", "docs", "collections", "posts", "learn", "organizations", "tasks"},
}
_HUB_KINDS = {
    "datasets": LinkKind.DATASET,
    "spaces": LinkKind.PROJECT,
    "papers": LinkKind.PAPER,
}


def find_links(text: str, urls: Iterable[str] = ()) -> tuple[tuple[Link, ...], tuple[str, ...]]:
    """The links of a paper, each once, and what was left out, in words.

    `urls` are links that the source names as such; they come first. `text` is an abstract as
    written, LaTeX included; hosts such as `github.com/a/b` are found without a scheme too.
    """
    found: dict[str, Link] = {}
    left_out: list[str] = []
    for candidate in (*urls, *_candidates(text)):
        if len(candidate) > MAX_URL:
            left_out.append(f"a link of {len(candidate):,} characters; the limit is {MAX_URL:,}")
            continue
        link = link_of(candidate)
        if link is None or link.url in found:
            continue
        if len(found) == MAX_LINKS:
            left_out.append(f"links beyond {MAX_LINKS}")
            break
        found[link.url] = link
    return tuple(found.values()), tuple(dict.fromkeys(left_out))


def _candidates(text: str) -> Iterable[str]:
    if not any(hint in text for hint in _HINTS):
        return
    for found in _FOUND.finditer(_ESCAPED.sub(r"\1", text)):
        yield found[0]


def link_of(url: str) -> Link | None:
    """A URL in canonical form with its kind; None if it is no http(s) URL with a host."""
    canonical = canonical_url(url)
    return Link(canonical, _kind(canonical)) if canonical else None


def canonical_url(url: str) -> str | None:
    """The canonical form of a URL (the module says what that is), or None if it is not one."""
    url = _without_punctuation(url.strip())
    if not re.match("https?://", url, re.IGNORECASE):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if parts.username or "." not in host or not re.fullmatch(r"[\w.-]+", host) or ".." in host:
        return None
    bare = host.removeprefix("www.")
    bare = _ALIASES.get(bare, bare)
    known = bare in _KNOWN_HOSTS or bare.endswith(_PROJECT_SUFFIXES)
    default = {"http": 80, "https": 443}[parts.scheme]
    netloc = (bare if known else host) + (f":{port}" if port not in (None, default) else "")
    path = parts.path.removesuffix(".git")
    if (known and not parts.query) or path == "/":
        path = path.rstrip("/").removesuffix(".git")
    return urlunsplit(
        ("https" if known else parts.scheme, netloc, path, parts.query, parts.fragment)
    )


def _without_punctuation(url: str) -> str:
    """Without what ends the sentence rather than the URL; balanced brackets belong to the URL."""
    while url:
        last = url[-1]
        opening = _BRACKETS.get(last)
        if last in _TRAILING or (opening and url.count(last) > url.count(opening)):
            url = url[:-1]
        else:
            break
    return url


def _kind(url: str) -> LinkKind:
    parts = urlsplit(url)
    host = parts.netloc
    path = [segment for segment in parts.path.split("/") if segment]
    owned = len(path) >= 2 and path[0].lower() not in _NOT_OWNERS.get(host, ())
    if host in _CODE_HOSTS:
        return LinkKind.CODE if owned else LinkKind.OTHER
    if host == "anonymous.4open.science":
        return LinkKind.CODE if path else LinkKind.OTHER
    if host == "gist.github.com":
        return LinkKind.CODE if path else LinkKind.OTHER
    if host == "huggingface.co":
        if path and path[0] in _HUB_KINDS:
            return _HUB_KINDS[path[0]] if len(path) >= 2 else LinkKind.OTHER
        return LinkKind.MODEL if owned else LinkKind.OTHER
    if host in _PAPER_HOSTS:
        return LinkKind.PAPER if path else LinkKind.OTHER
    if host.endswith(_PROJECT_SUFFIXES) or (host in _PROJECT_HOSTS and path):
        return LinkKind.PROJECT
    return LinkKind.OTHER


def external_id_of(url: str) -> tuple[ExternalIdKind, str] | None:
    """The registry and id that a paper's own URL names (arXiv, DOI, ACL Anthology), or None."""
    canonical = canonical_url(url)
    if canonical is None:
        return None
    parts = urlsplit(canonical)
    path = parts.path.strip("/")
    if parts.netloc == "arxiv.org":
        room, _, rest = path.partition("/")
        arxiv = arxiv_id(rest.removesuffix(".pdf")) if room in ("abs", "pdf", "html") else None
        return (ExternalIdKind.ARXIV, arxiv) if arxiv else None
    if parts.netloc == "doi.org":
        return doi_identity(path)
    if parts.netloc == "aclanthology.org":
        acl = acl_id(path.removesuffix(".pdf"))
        return (ExternalIdKind.ACL, acl) if acl else None
    return None
