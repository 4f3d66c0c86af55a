"""Links: found in running text, canonical, sorted by kind."""

import time

import pytest

from index.sources.limits import MAX_LINKS, MAX_URL
from index.sources.links import external_id_of, find_links, link_of


def urls(text: str) -> list[str]:
    return [link.url for link in find_links(text)[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at https://github.com/a/b.git.", ["https://github.com/a/b"]),
        ("at https://github.com/a/b.", ["https://github.com/a/b"]),
        ("(https://github.com/a/b), and", ["https://github.com/a/b"]),
        ('"https://github.com/a/b";', ["https://github.com/a/b"]),
        ("[https://github.com/a/b]!", ["https://github.com/a/b"]),
        ("*https://github.com/a/b*", ["https://github.com/a/b"]),
        ("https://en.wikipedia.org/wiki/A_(b)", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("(https://en.wikipedia.org/wiki/A_(b)).", ["https://en.wikipedia.org/wiki/A_(b)"]),
        (r"\url{https://github.com/a/b\_c}", ["https://github.com/a/b_c"]),
        (r"\href{https://github.com/a/b}{here}", ["https://github.com/a/b"]),
        (r"\href{https://a.org/%7Ex}{https://a.org/y}", ["https://a.org/%7Ex", "https://a.org/y"]),
        ('<a href="https://a.org/x/">this</a>', ["https://a.org/x/"]),
        ("$https://a.org/x$", ["https://a.org/x"]),
        ("https://github.com/a/b，代码", ["https://github.com/a/b"]),
        ("http://www.GitHub.com:80/A/b/", ["https://github.com/A/b"]),
        ("code: github.com/a/b, and www.github.com/c/d.",
         ["https://github.com/a/b", "https://github.com/c/d"]),
        ("page: nerfies.github.io.", ["https://nerfies.github.io"]),
        ("mail me@github.com/x or notgithub.com/a/b", []),
        ("https://aqinghuggingface.aqing5501.com/a/b.", ["https://huggingface.co/a/b"]),
        ("https://hf-mirror.com/datasets/a/b", ["https://huggingface.co/datasets/a/b"]),
        ("https://github.com/a/b https://github.com/a/b.git", ["https://github.com/a/b"]),
        ("http://a.org https://a.org/", ["http://a.org", "https://a.org"]),
        ("https://a.org:8080/x?q=1&r=2#top", ["https://a.org:8080/x?q=1&r=2#top"]),
        ("https://user:secret@a.org/x ftp://a.org/x javascript:alert(1)", []),
        ("https:// https://x https://[ https://a..b https://a.org:99999/", []),
        ("no link e.g. here or vs.that", []),
    ],
)  # fmt: skip
def test_links_of_a_text(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://github.com/a/b", "code"),
        ("https://github.com/a/b/tree/main/c", "code"),
        ("https://github.com/THUDM", "other"),
        ("https://github.com/orgs/a/repositories", "other"),
        ("https://gist.github.com/a/0123", "code"),
        ("https://gitlab.com/a/b", "code"),
        ("https://bitbucket.org/a/b", "code"),
        ("https://codeberg.org/a/b", "code"),
        ("https://anonymous.4open.science/r/x", "code"),
        ("https://huggingface.co/THUDM", "other"),
        ("https://huggingface.co/a/b", "model"),
        ("https://huggingface.co/datasets/a/b", "dataset"),
        ("https://huggingface.co/spaces/a/b", "project"),
        ("https://huggingface.co/papers/2407.09941", "paper"),
        ("https://huggingface.co/collections/a/b", "other"),
        ("https://huggingface.co/datasets", "other"),
        ("https://arxiv.org/abs/2407.09941", "paper"),
        ("https://doi.org/10.1/x", "paper"),
        ("https://aclanthology.org/D16-2004", "paper"),
        ("https://openreview.net/forum?id=x", "paper"),
        ("https://a.github.io/b", "project"),
        ("https://sites.google.com/view/x", "project"),
        ("https://example.org/x", "other"),
    ],
)
def test_kinds(url: str, kind: str) -> None:
    link = link_of(url)
    assert link is not None
    assert link.kind == kind


def test_own_urls_come_first_and_once() -> None:
    links, _ = find_links("see https://a.org/x, https://b.org/y", ["https://b.org/y"])
    assert [link.url for link in links] == ["https://b.org/y", "https://a.org/x"]


def test_too_many_and_too_long_links_are_left_out_aloud() -> None:
    text = " ".join(f"https://a.org/{number}" for number in range(MAX_LINKS + 5))
    links, left_out = find_links(f"https://a.org/{'x' * MAX_URL} {text}")
    assert len(links) == MAX_LINKS
    assert left_out == (
        f"a link of {MAX_URL + 14:,} characters; the limit is {MAX_URL:,}",
        f"links beyond {MAX_LINKS}",
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2407.09941v2", ("arxiv", "2407.09941")),
        ("http://export.arxiv.org/pdf/hep-th/9901001.pdf", ("arxiv", "hep-th/9901001")),
        ("https://aclanthology.org/D16-2004.pdf", ("acl", "D16-2004")),
        ("https://aclanthology.org/2020.acl-main.1/", ("acl", "2020.acl-main.1")),
        ("https://dx.doi.org/10.1000/ABC", ("doi", "10.1000/abc")),
        ("https://github.com/a/b", None),
        ("https://arxiv.org/list/cs.CL", None),
        ("nonsense", None),
    ],
)
def test_identifier_in_an_own_url(url: str, expected: tuple[str, str] | None) -> None:
    assert external_id_of(url) == expected


@pytest.mark.parametrize(
    "unit", ["\\", "https://a.org/", "github.com/", "(", ")", ".", "a.github.io"]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    began = time.process_time()
    find_links(unit * (100_000 // len(unit)))
    find_links(f"https://a.org/{unit * (100_000 // len(unit))}")
    find_links(" ".join([f"https://a.org/{unit * (1_900 // len(unit))}"] * 50))
    assert time.process_time() - began < 2
