"""GraphiQL and the OpenAPI viewer in a browser: they work, and ask nobody but their own server."""

import json
from urllib.parse import quote, urlsplit

import pytest

from tests.browser.chromium import Chromium

CONTROL = 2
RUN = "document.querySelector('.graphiql-execute-button').click()"
RESULT = "document.querySelector('.result-window').innerText"
RESULT_TEXT = "document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()"
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
OPERATIONS = "document.querySelectorAll('.opblock')"
WIDTHS = (1280, 400)


def labelled(text: str) -> str:
    """The element of a label, as an expression."""
    return f"document.querySelector('[aria-label={json.dumps(text)}]')"


@pytest.fixture(params=["root", "below a path"])
def base(request: pytest.FixtureRequest) -> str:
    """Where the server is reached: at its own root, and through a proxy."""
    name = "server" if request.param == "root" else "below_a_path"
    return str(request.getfixturevalue(name))


@pytest.fixture
def graphiql(chromium: Chromium, base: str) -> Chromium:
    chromium.open(f"{base}/graphql")
    wait_for_schema(chromium)
    return chromium


@pytest.fixture
def viewer(chromium: Chromium, base: str) -> Chromium:
    chromium.open(f"{base}/docs")
    chromium.until(f"{OPERATIONS}.length > 5")
    return chromium


def wait_for_schema(page: Chromium) -> None:
    """Until GraphiQL has read the schema, which it marks unknown fields by."""
    page.until("document.querySelector('.graphiql-execute-button')")
    page.until(f"{EDITOR}.options.lint.schema")


def assert_clean(page: Chromium, base: str) -> None:
    """Nothing went wrong, and nothing but `base` was asked."""
    page.evaluate("1")
    assert page.complaints() == []
    own = urlsplit(base)
    assert page.addresses()
    for address in map(urlsplit, page.addresses()):
        assert address.scheme == "data" or address.netloc == own.netloc
        assert address.scheme == "data" or address.path.startswith(own.path)


def test_an_example_of_graphiql_runs(graphiql: Chromium, base: str) -> None:
    graphiql.evaluate(RUN)
    graphiql.until(f"{RESULT}.includes('totalCount')")
    assert json.loads(graphiql.evaluate(RESULT_TEXT))["data"]["papers"]["totalCount"] > 1
    assert_clean(graphiql, base)


def test_what_is_typed_runs_by_the_keyboard(graphiql: Chromium, base: str) -> None:
    for text, answer in (("{ stats", "graphql-parse"), ("query Size { stats { papers } }", "40")):
        graphiql.evaluate(f"{EDITOR}.setValue(''), {EDITOR}.focus()")
        graphiql.type(text)
        graphiql.until(f"{EDITOR}.getValue() === {json.dumps(text)}")
        graphiql.press("Enter", 13, CONTROL)
        graphiql.until(f"{RESULT}.includes('{answer}')")
    graphiql.until("new URLSearchParams(location.search).get('query')?.includes('Size')")
    address = graphiql.evaluate("location.href")
    graphiql.open(address)
    wait_for_schema(graphiql)
    assert "Size" in graphiql.evaluate(f"{EDITOR}.getValue()")
    # The first request was answered 400, which a browser logs.
    assert not [each for each in graphiql.complaints() if "policy" in each.lower()]


def test_whoever_comes_back_finds_the_tabs_as_they_were(graphiql: Chromium, base: str) -> None:
    tabs = "document.querySelectorAll('.graphiql-tab').length"
    before = graphiql.evaluate(tabs)
    assert before > 1
    graphiql.evaluate(f"{EDITOR}.setValue('# mine\\n' + {EDITOR}.getValue())")
    graphiql.until("new URLSearchParams(location.search).get('query')?.startsWith('# mine')")
    assert graphiql.evaluate("new URLSearchParams(location.search).get('variables')")
    graphiql.until("localStorage.getItem('graphiql:tabState')?.includes('# mine')")
    for address in (graphiql.evaluate("location.href"), f"{base}/graphql"):
        graphiql.evaluate("window.old = true")
        graphiql.call("Page.navigate", url=address)
        graphiql.until("!window.old")
        wait_for_schema(graphiql)
        assert graphiql.evaluate(f"{EDITOR}.getValue()").startswith("# mine")
        assert graphiql.evaluate(tabs) == before
    graphiql.evaluate(RUN)
    graphiql.until(f"{RESULT}.includes('totalCount')")
    assert_clean(graphiql, base)


def test_the_schema_is_explained(graphiql: Chromium, base: str) -> None:
    graphiql.evaluate(f"{labelled('Show Documentation Explorer')}.click()")
    graphiql.until("document.querySelector('.graphiql-doc-explorer')?.innerText.includes('Paper')")
    graphiql.evaluate(
        "[...document.querySelectorAll('.graphiql-doc-explorer a')]"
        ".find(each => each.innerText === 'Query').click()"
    )
    graphiql.until("document.querySelector('.graphiql-doc-explorer').innerText.includes('daily')")
    assert_clean(graphiql, base)


def test_dialogs_and_history_keep_to_the_policy(graphiql: Chromium, base: str) -> None:
    graphiql.evaluate(RUN)
    graphiql.until(f"{RESULT}.includes('totalCount')")
    graphiql.evaluate(f"{labelled('Show History')}.click()")
    graphiql.until("document.querySelectorAll('.graphiql-history-item').length")
    for dialog in ("Open settings dialog", "Open short keys dialog"):
        graphiql.evaluate(f"{labelled(dialog)}.click()")
        graphiql.until("document.querySelector('[role=dialog]')")
        assert graphiql.evaluate("getComputedStyle(document.body).overflow") == "hidden"
        graphiql.press("Escape", 27)
        graphiql.until("!document.querySelector('[role=dialog]')")
    assert graphiql.evaluate("getComputedStyle(document.body).overflow") != "hidden"
    assert_clean(graphiql, base)


def test_an_address_brings_its_query(chromium: Chromium, server: str) -> None:
    query, variables = "query Ask($id: ID!) { paper(id: $id) { title } }", '{"id": "none"}'
    address = f"{server}/graphql?query={quote(query)}&variables={quote(variables)}"
    chromium.open(address)
    wait_for_schema(chromium)
    assert chromium.evaluate(f"{EDITOR}.getValue()") == query
    chromium.evaluate(RUN)
    chromium.until(f"{RESULT}.includes('null')")
    assert json.loads(chromium.evaluate(RESULT_TEXT)) == {"data": {"paper": None}}
    assert_clean(chromium, server)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_graphiql_fits(chromium: Chromium, server: str, width: int, dark: bool) -> None:
    chromium.open(f"{server}/graphql", width=width, dark=dark)
    wait_for_schema(chromium)
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    assert chromium.evaluate("document.querySelector('.graphiql-response').clientWidth") > 250
    assert is_dark(chromium, ".graphiql-container") == dark


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_the_viewer_fits(chromium: Chromium, server: str, width: int, dark: bool) -> None:
    chromium.open(f"{server}/docs", width=width, dark=dark)
    chromium.until(f"{OPERATIONS}.length > 5")
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    assert is_dark(chromium, "body") == dark


def is_dark(page: Chromium, selector: str) -> bool:
    """Whether the ground of an element is dark, by its sRGB values; transparent means white."""
    colour = page.evaluate(
        f"getComputedStyle(document.querySelector('{selector}')).backgroundColor"
        ".match(/[\\d.]+/g).map(Number)"
    )
    red, green, blue, *alpha = colour
    return bool(alpha != [0] and max(red, green, blue) < 100)


def test_the_viewer_shows_what_can_be_asked(viewer: Chromium, base: str) -> None:
    paths = viewer.evaluate(
        "[...document.querySelectorAll('.opblock-summary-path')].map(e => e.dataset.path)"
    )
    assert {"/v1/papers", "/v1/papers/{id}", "/v1/stats", "/graphql"} <= set(paths)
    assert_clean(viewer, base)


def test_the_viewer_asks(viewer: Chromium, base: str) -> None:
    block = "document.querySelector('[data-path=\"/v1/papers\"]').closest('.opblock')"
    viewer.evaluate(f"{block}.querySelector('.opblock-summary-control').click()")
    viewer.until(f"{block}.querySelector('.execute')")
    # A parameter that is a reference is shown once all are resolved; the button is there before.
    viewer.until(f"{block}.querySelector('[data-param-name=If-None-Match]')")
    viewer.evaluate(f"{block}.querySelector('.execute').click()")
    viewer.until(f"{block}.querySelector('.live-responses-table')")
    asked = [each for each in viewer.addresses() if "/v1/papers" in each]
    assert len(asked) == 1
    assert asked[0].startswith(f"{base}/v1/papers?")
    shown = f"{block}.querySelector('.live-responses-table').innerText"
    assert "multidimensional-rubric" in viewer.evaluate(shown), "no filter is filled in"
    assert_clean(viewer, base)
