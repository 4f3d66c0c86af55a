"""CORS, as a browser keeps it, for scripts of a page of another origin."""

import json

import pytest

from tests.browser.chromium import Chromium

ASK = """(async () => {
  const answer = await fetch(%s, %s);
  const headers = Object.fromEntries(answer.headers);
  return { status: answer.status, headers, body: await answer.text() };
})()"""


def ask(page: Chromium, address: str, **options: object) -> dict[str, object]:
    """What a script of the page gets from `fetch(address, options)`."""
    found = page.evaluate(ASK % (json.dumps(address), json.dumps({"cache": "no-store"} | options)))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def page(chromium: Chromium, elsewhere: str) -> Chromium:
    chromium.open(elsewhere)
    return chromium


def test_a_script_reads_an_answer_and_its_headers(page: Chromium, server: str) -> None:
    answer = ask(page, f"{server}/v1/papers?q=alignment&limit=2")
    headers = answer["headers"]
    assert isinstance(headers, dict)
    assert answer["status"] == 200
    assert json.loads(str(answer["body"]))["meta"]["limit"] == 2
    assert headers["etag"].startswith('"')
    assert 'rel="next"' in headers["link"]
    assert "dur=" in headers["server-timing"]
    assert page.complaints() == []


def test_a_script_asks_whether_it_has_the_answer_already(page: Chromium, server: str) -> None:
    """`If-None-Match` of a script needs a preflight."""
    address = f"{server}/v1/stats"
    first = ask(page, address)["headers"]
    assert isinstance(first, dict)
    again = ask(page, address, headers={"If-None-Match": first["etag"]})
    assert (again["status"], again["body"]) == (304, "")


def test_a_script_posts_graphql(page: Chromium, server: str) -> None:
    """JSON in a POST needs a preflight."""
    answer = ask(
        page,
        f"{server}/graphql",
        method="POST",
        headers={
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",
            "Apollo-Require-Preflight": "true",
            "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
        body=json.dumps({"query": "{stats {papers}}"}),
    )
    assert json.loads(str(answer["body"])) == {"data": {"stats": {"papers": 40}}}
    assert "dur=" in str(answer["headers"])


def test_a_script_reads_a_refusal(page: Chromium, server: str) -> None:
    answer = ask(page, f"{server}/v1/papers?limit=0")
    assert answer["status"] == 400
    assert json.loads(str(answer["body"]))["errors"][0]["parameter"] == "limit"


def test_a_stranger_reads_nothing_where_one_origin_is_named(
    page: Chromium, strict_server: str
) -> None:
    with pytest.raises(RuntimeError, match="Failed to fetch"):
        ask(page, f"{strict_server}/v1/stats")


def test_no_other_page_may_frame_ours(page: Chromium, server: str) -> None:
    for path in ("/graphql", "/docs", "/v1/stats"):
        page.evaluate(
            "new Promise(done => { const frame = document.createElement('iframe');"
            f"frame.onload = done; frame.src = {json.dumps(server + path)};"
            "document.body.append(frame); })"
        )
    page.until("document.querySelectorAll('iframe').length === 3")
    assert len([each for each in page.complaints() if "frame" in each.lower()]) >= 3
