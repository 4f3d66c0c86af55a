"""The addresses of Hugging Face as HTTP: shapes, validators, codings, bounds, who may call."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from api.hub import MAX_WARNING, warning_headers
from index.engines import ENGINES
from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.api.test_hostile import KNOWN as KNOWN_TEXTS
from tests.api.test_hostile import hostile
from tests.hub.conftest import filled
from tests.paths import SAMPLE, SHARED
from tests.scale import SEED, scaled

REAL = SHARED / "formats" / "hf-api-papers-search.json"
"""An answer of Hugging Face's own, from before it told of days and links."""

SINCE = {"submittedOnDailyAt", "githubRepo", "projectPage", "numComments"}

KNOWN = "hep-th/9901001"
TARGETS = (
    "/api/papers/search?q=alignment&limit=100",
    "/api/daily_papers?date=2026-01-01",
    "/api/daily_papers?week=2026-W01&sort=trending&p=1",
    f"/api/papers/{KNOWN}",
    f"/papers/{KNOWN}.md",
)


@pytest.fixture(scope="module", params=ENGINES)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("http") / "data"
    filled(folder, request.param)
    with running(folder, engine=request.param) as client:
        yield client


def test_a_paper_has_every_member_that_a_source_tells(client: Client) -> None:
    assert client.get(f"/api/papers/{KNOWN}").json() == {
        "id": KNOWN,
        "authors": [
            {"name": "Zoë Łukasz", "hidden": False},
            {"name": "李 Anna", "hidden": False},
        ],
        "publishedAt": "1999-01-01T00:00:00.000Z",
        "submittedOnDailyAt": None,
        "title": "An old paper on 中文模型 & naïve “transport”",
        "summary": "Zero-shot alignment — with *stars*.\nA second line.",
        "upvotes": 7,
        "numComments": 2,
        "githubRepo": "https://github.com/a/b",
        "projectPage": "https://a.github.io/b",
    }


@pytest.mark.skipif(not REAL.exists(), reason="the collection of formats is not here")
def test_members_are_those_of_hugging_face(client: Client) -> None:
    real = json.loads(REAL.read_text("utf-8"))[0]
    entries = client.get("/api/papers/search", {"q": "transport", "limit": "100"}).json()
    for entry in entries:
        assert set(entry) - SINCE <= set(real)
        assert set(entry["paper"]) - SINCE <= set(real["paper"])
        for author in entry["paper"]["authors"] or ():
            assert set(author) <= set(real["paper"]["authors"][0])
    with_all = next(each for each in entries if each["paper"]["id"] == KNOWN)
    for name in ("title", "summary"):
        assert isinstance(with_all[name], type(real[name]))
    stamp = with_all["paper"]["publishedAt"]
    assert len(stamp) == len(real["paper"]["publishedAt"])


def test_an_entry_never_lends_its_day_to_a_paper_without_one(client: Client) -> None:
    entries = client.get("/api/daily_papers?limit=100").json()
    dated = [each for each in entries if each["paper"]["publishedAt"]]
    assert all(each["publishedAt"] == each["submittedOnDailyAt"] for each in dated)
    undated = [each for each in entries if not each["paper"]["publishedAt"]]
    assert undated
    assert not any("publishedAt" in each for each in undated)


@pytest.mark.parametrize("target", TARGETS)
def test_an_answer_is_kept_by_its_tag(client: Client, target: str) -> None:
    first = client.get(target)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["access-control-allow-origin"] == "*"
    assert client.get(target).content == first.content
    again = client.get(target, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.request("HEAD", target)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]
    assert head.headers["content-length"] == first.headers["content-length"]
    plain, body = client.raw(target, {"accept-encoding": "identity"})
    assert body == first.content
    for coding in ("gzip", "br", "zstd"):
        headers, coded = client.raw(target, {"accept-encoding": coding})
        assert (len(coded) < len(body)) == (len(body) >= 1024)
        assert headers.get("content-encoding") == (coding if len(body) >= 1024 else None)
        assert (headers["etag"] != plain["etag"]) == (len(body) >= 1024)
    options = client.request("OPTIONS", target)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_a_tag_is_that_of_one_question(client: Client) -> None:
    tags = [client.get(target).headers["etag"] for target in TARGETS]
    tags += [client.get(f"/v1/papers/{KNOWN}{end}").headers["etag"] for end in ("", ".md")]
    assert len(set(tags)) == len(tags)


def test_a_token_changes_nothing(client: Client) -> None:
    for target in TARGETS:
        plain = client.get(target)
        known = client.get(target, headers={"authorization": "Bearer hf_secret"})
        assert (known.content, known.headers["etag"]) == (plain.content, plain.headers["etag"])


def test_the_next_page_is_linked(client: Client) -> None:
    target = "/api/daily_papers?date=2026-01-01&limit=30&sort=publishedAt"
    sizes = []
    while target:
        answer = client.get(target)
        sizes.append(len(answer.json()))
        link = answer.links.get("next")
        target = link["url"] if link else ""
    assert sizes[:-1] == [30] * (len(sizes) - 1)
    assert len(sizes) > 2
    assert sizes[-1] > 0


@pytest.mark.parametrize("sort", ["publishedAt", "trending"])
def test_the_last_page_leads_nowhere(client: Client, sort: str) -> None:
    target = f"/api/daily_papers?date=2025-12-29&sort={sort}&limit="
    total = len(client.get(f"{target}100").json())
    assert total < 100
    assert "next" not in client.get(f"{target}{total}").links
    assert "next" in client.get(f"{target}{total - 1}").links


def test_a_public_address_stands_before_links(
    client: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("public") / "data"
    with Shelf(folder) as shelf:
        shelf.load([SAMPLE], Silent())
    with running(folder, public_url="https://papers.example.org/shelf") as public:
        answer = public.get("/api/daily_papers?limit=1")
        base = "https://papers.example.org/shelf/"
        assert answer.links["next"]["url"] == f"{base}api/daily_papers?limit=1&p=1"
        identifier = answer.json()[0]["paper"]["id"]
        assert (
            f"{base}v1/papers/{identifier}/related.md"
            in public.get(f"/papers/{identifier}.md").text
        )


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/api/papers/search?query=x", 400, "parameter-unknown"),
        ("GET", "/api/papers/search?q=x&q=y", 400, "parameter-repeated"),
        ("GET", "/api/papers/search?q=%FF", 400, "parameter-invalid"),
        ("GET", "/api/daily_papers?p=00", 400, "parameter-invalid"),
        ("GET", f"/api/papers/{KNOWN}?x=1", 400, "parameter-unknown"),
        ("GET", f"/papers/{KNOWN}.md?x=1", 400, "parameter-unknown"),
        ("GET", f"/papers/{KNOWN}", 404, "route-not-found"),
        ("GET", "/papers/.md", 404, "route-not-found"),
        ("GET", "/api/papers/", 404, "route-not-found"),
        ("GET", "/api/models", 404, "route-not-found"),
        ("GET", "/api/daily_papers/", 404, "route-not-found"),
        ("GET", "/api/papers/%0D%0AX-Evil:%20y", 404, "paper-not-found"),
        ("POST", "/api/daily_papers", 405, "method-not-allowed"),
        ("DELETE", f"/api/papers/{KNOWN}", 405, "method-not-allowed"),
    ],
)
def test_a_refusal_is_a_problem_with_a_message(
    client: Client, method: str, target: str, status: int, code: str
) -> None:
    answer = client.request(method, target)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["error"] == problem["detail"]
    assert "x-evil" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_other_media_types_are_refused(client: Client) -> None:
    for target in TARGETS:
        answer = client.get(target, headers={"accept": "text/csv"})
        assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
        for accept in ("*/*", "text/*;q=0.1, application/*"):
            assert client.get(target, headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ('foo:x published:größe\x07 "open', ["field-unknown", "value-invalid", "quote-open"]),
        ("algnment", ["spelling"]),
        ("titel:algnment", ["field-unknown"]),
        ("title:sparse title:nosuchword", ["word"]),
        ("year:1900 alignment", ["date"]),
        ("alignment", []),
    ],
)
def test_what_rest_warns_of_and_what_finds_more_is_in_headers(
    client: Client, query: str, told: list[str]
) -> None:
    answer = client.get("/api/papers/search", {"q": query})
    found = [value.decode() for name, value in answer.headers.raw if name == b"x-hf-warning"]
    meta = client.get("/v1/papers", {"q": query}).json()["meta"]
    expected = [f"{each['code']}; {each['message']}" for each in meta["warnings"]]
    expected += [
        f"{each['kind']}; {each['message']} (finds {each['total']})"
        for each in meta["alternatives"]
    ]
    assert found == [each.replace("\x07", " ") for each in expected]
    topics = [each.partition(";")[0] for each in found]
    assert set(told) <= set(topics)
    assert bool(told) == bool(topics)
    page = client.get("/api/papers/search", headers={"origin": "https://example.org"})
    assert "X-HF-Warning" in page.headers["access-control-expose-headers"]


def test_a_warning_is_one_line_of_bounded_length() -> None:
    long = ("x", "ü\r\nSet-Cookie: a=b\x85" + "ü" * 1000)
    headers = warning_headers([long] * 100)
    assert len(headers) < 10
    for _, value in headers:
        assert len(value.decode()) == MAX_WARNING
        assert not any(code < 0x20 for code in value)


def test_any_text_is_answered_as_rest_answers_it(client: Client) -> None:
    """As a query, and as an id; `/` ends an address of REST otherwise."""
    for text in hostile(len(KNOWN_TEXTS) + scaled(1000), f"{SEED} hub"):
        rest = client.get("/v1/papers", {"q": text})
        hub = client.get("/api/papers/search", {"q": text})
        assert hub.status_code == rest.status_code, repr(text)
        if rest.status_code == 200:
            ids = [each["externalIds"]["arxiv"] or each["id"] for each in rest.json()["data"]]
            assert [each["paper"]["id"] for each in hub.json()] == ids, repr(text)
        else:
            assert hub.json()["code"] == rest.json()["code"]
        identifier = quote(text[:1000].replace("/", "-") or "-", safe="")
        for target in (f"/api/papers/x{identifier}", f"/papers/x{identifier}.md"):
            answer = client.get(target)
            assert (answer.status_code, answer.json()["code"]) == (404, "paper-not-found")


def test_an_empty_shelf_lists_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("empty") / "data") as empty:
        for target in ("/api/papers/search?q=x", "/api/papers/search", "/api/daily_papers",
                       "/api/daily_papers?sort=trending&week=2025-W50"):  # fmt: skip
            answer = empty.get(target)
            assert (answer.status_code, answer.json()) == (200, [])
