"""Settings: every variable and option of the one table, and what is said to a wrong one."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from api.settings import ENGINES, SETTINGS, Settings, SettingsError
from tests.cli.running import run_here
from tests.paths import REPOSITORY


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings().data == Path("data")


def test_the_table_and_the_dataclass_have_the_same_fields_in_the_same_order() -> None:
    targets = dict.fromkeys(setting.target for setting in SETTINGS)
    assert list(targets) == [field.name for field in fields(Settings)]


def test_the_defaults_of_the_table_are_those_of_the_dataclass() -> None:
    written = {s.variable: s.default for s in SETTINGS if s.default is not None}
    assert Settings.from_environment(written) == Settings()


GOOD = [
    ("DATA", "/srv/papers", "data", Path("/srv/papers")),
    ("DATA", "a b/ü", "data", Path("a b/ü")),
    ("ENGINE", "whoosh", "engine", "whoosh"),
    ("HOST", "::1", "host", "::1"),
    ("HOST", "[::1]", "host", "::1"),
    ("HOST", "papers.example.org", "host", "papers.example.org"),
    ("PORT", "0", "port", 0),
    ("PORT", " 65535 ", "port", 65535),
    ("WORKERS", "4", "workers", 4),
    ("CORS_ORIGINS", "none", "cors_origins", ()),
    ("CORS_ORIGINS", "https://A.example", "cors_origins", ("https://a.example",)),
    (
        "CORS_ORIGINS",
        "http://localhost:5173, https://b.example:443,https://b.example",
        "cors_origins",
        ("http://localhost:5173", "https://b.example"),
    ),
    ("PUBLIC_URL", "https://x.example/papers/", "public_url", "https://x.example/papers"),
    ("PUBLIC_URL", "http://[::1]:8000", "public_url", "http://[::1]:8000"),
    (
        "ALLOWED_HOSTS",
        "Papers.example, *.b.example",
        "allowed_hosts",
        ("papers.example", "*.b.example"),
    ),
    ("MAX_BODY", "1024", "max_body", 1024),
    ("MAX_CONNECTIONS", "100000", "max_connections", 100_000),
    ("RATE_LIMIT", "0", "rate_limit", 0),
    ("TRUSTED_PROXIES", "none", "trusted_proxies", ()),
    (
        "TRUSTED_PROXIES",
        "127.0.0.1, 10.0.0.0/8,2001:DB8::/32",
        "trusted_proxies",
        ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"),
    ),
    ("TOKEN", " 0123456789abcdef ", "token", "0123456789abcdef"),
    ("TOKEN", "a-._~+/b" * 60 + "==", "token", "a-._~+/b" * 60 + "=="),
]


@pytest.mark.parametrize(("variable", "text", "field", "value"), GOOD)
def test_a_good_value_is_parsed_once(variable: str, text: str, field: str, value: object) -> None:
    settings = Settings.from_environment({f"PAPERSHELF_{variable}": text})
    assert getattr(settings, field) == value


BAD = [
    ("ENGINE", "lucene"),
    ("ENGINE", "Tantivy"),
    ("HOST", "my host"),
    ("HOST", "127.0.0.256"),
    ("HOST", "http://127.0.0.1"),
    ("HOST", "-x"),
    ("PORT", "80a"),
    ("PORT", "-1"),
    ("PORT", "65536"),
    ("PORT", "٣"),
    ("PORT", "9" * 5000),
    ("WORKERS", "0"),
    ("WORKERS", "65"),
    ("CORS_ORIGINS", "example.org"),
    ("CORS_ORIGINS", "https://a.example/path"),
    ("CORS_ORIGINS", "https://a.example,"),
    ("CORS_ORIGINS", "*,https://a.example"),
    ("PUBLIC_URL", "ftp://a.example"),
    ("PUBLIC_URL", "https://user:secret@a.example"),
    ("PUBLIC_URL", "https://a.example/?q=1"),
    ("PUBLIC_URL", "https://a.example:99999"),
    ("PUBLIC_URL", "https://[::1"),
    ("PUBLIC_URL", "https://a.example/\r\nX-Evil: 1"),
    ("ALLOWED_HOSTS", "a b"),
    ("ALLOWED_HOSTS", "https://a.example"),
    ("MAX_BODY", "1023"),
    ("MAX_BODY", "128KiB"),
    ("MAX_CONNECTIONS", "0"),
    ("RATE_LIMIT", "-1"),
    ("RATE_LIMIT", "60/m"),
    ("TRUSTED_PROXIES", "10.1.2.3/8"),
    ("TRUSTED_PROXIES", "proxy.example"),
    ("TRUSTED_PROXIES", "*"),
    ("TRUSTED_PROXIES", "none,127.0.0.1"),
    ("TRUSTED_PROXIES", "10.0.0.0/8,"),
    ("DATA", "a\0b"),
    ("TOKEN", "0123456789abcde"),
    ("TOKEN", "0123456789 abcdef"),
    ("TOKEN", "0123456789abcdeé"),
    ("TOKEN", "a" * 600),
    ("TOKEN_FILE", "no such file"),
    ("TOKEN_FILE", "."),
]


@pytest.mark.parametrize(("variable", "text"), BAD)
def test_a_bad_value_is_refused_with_what_would_be_right(variable: str, text: str) -> None:
    setting = next(s for s in SETTINGS if s.variable == f"PAPERSHELF_{variable}")
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({setting.variable: text})
    message = str(caught.value)
    assert message.startswith(setting.variable)
    assert f"must be {setting.expected}" in message
    assert "\n" not in message
    assert len(message) < 300


def test_an_option_goes_before_the_environment_and_is_named_when_wrong() -> None:
    environ = {"PAPERSHELF_PORT": "1"}
    assert Settings.from_environment(environ, {"port": "2"}).port == 2
    with pytest.raises(SettingsError, match=r"^--port is 'x'"):
        Settings.from_environment(environ, {"port": "x"})
    with pytest.raises(SettingsError, match=r"^--data is ''"):
        Settings.from_environment({}, {"data": ""})


def test_an_empty_variable_counts_as_unset() -> None:
    empty = {setting.variable: "" for setting in SETTINGS}
    assert Settings.from_environment(empty) == Settings()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("PAPERSHELF_PROT", "PAPERSHELF_PORT"),
        ("PAPERSHELF_CORS", "PAPERSHELF_CORS_ORIGINS"),
        ("PAPERSHELF_port", "PAPERSHELF_PORT"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest(variable: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=rf"no setting {variable}\. Did you mean {meant}\?"):
        Settings.from_environment({variable: "1"})


def test_an_unknown_variable_like_no_other_is_refused_with_all() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"PAPERSHELF_" + "Q" * 10_000: "1"})
    assert all(setting.variable in str(caught.value) for setting in SETTINGS)
    assert len(str(caught.value)) < 500


def test_variables_of_others_and_of_the_tests_are_left_alone() -> None:
    assert Settings.from_environment({"PAPERSHELF_TEST_SCALE": "1", "PORT": "x"}) == Settings()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(Path("/x/y"), "whoosh", "::1", 0, 3, (), "https://a.example/p", ("a.b",), 2048),
        Settings(cors_origins=("https://a.example", "http://b.example:81")),
        Settings(max_connections=9, rate_limit=60, trusted_proxies=("10.0.0.0/8", "::1/128")),
        Settings(token="0123456789abcdef"),
    ],
)
def test_a_worker_reads_from_its_environment_what_the_command_line_was_given(
    settings: Settings,
) -> None:
    assert Settings.from_environment(settings.to_environment()) == settings


SECRET = "not-to-be-shown-0123456789"


def test_a_token_is_read_from_a_file_which_goes_before_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    environ = {"PAPERSHELF_TOKEN": "another-token-0123", "PAPERSHELF_TOKEN_FILE": str(path)}
    settings = Settings.from_environment(environ)
    assert settings.token == SECRET
    assert Settings.from_environment({}, {"token_file": str(path)}) == settings
    path.unlink()  # as one that can be read only once
    assert Settings.from_environment(environ | settings.to_environment()) == settings


@pytest.mark.parametrize("content", [b"", b"short", SECRET.encode() * 300, b"two lines\n" * 9])
def test_a_file_holds_nothing_but_a_token(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SettingsError, match="must be a file that holds nothing but a token"):
        Settings.from_environment({"PAPERSHELF_TOKEN_FILE": str(tmp_path / "token")})


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    assert SECRET not in repr(Settings(token=SECRET))
    (tmp_path / "token").write_text(f"{SECRET} {SECRET}")
    for name, value in (("TOKEN", f"{SECRET} x"), ("TOKEN_FILE", tmp_path / "token")):
        with pytest.raises(SettingsError) as caught:
            Settings.from_environment({f"PAPERSHELF_{name}": str(value)})
        assert SECRET not in str(caught.value)


def test_a_token_is_no_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run_here(capsys, tmp_path, "serve", "--token", SECRET)
    assert done.code == 2
    assert "--token-file" in done.err
    assert SECRET not in done.err


def test_the_engines_are_those_of_the_index() -> None:
    from index.engines import ENGINES as BUILT

    assert set(ENGINES) == set(BUILT)


def settings_table() -> str:
    """The table of docs/settings.md."""
    lines = [
        "| variable | option | default | must be | what it is |",
        "|---|---|---|---|---|",
    ]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        option = f"`{setting.option}`" if setting.option else "none"
        lines.append(
            f"| `{setting.variable}` | {option} | {default} "
            f"| {setting.expected} | {setting.description} |"
        )
    return "\n".join(lines).replace("*, ", "`*`, ")


def test_the_documentation_has_the_table_as_it_is() -> None:
    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    assert settings_table() in text, f"docs/settings.md needs this table:\n{settings_table()}"


def test_nothing_but_the_command_line_reads_the_environment() -> None:
    readers = {
        str(path.relative_to(REPOSITORY))
        for floor in ("api", "index", "schema")
        for path in (REPOSITORY / floor).rglob("*.py")
        if re.search(r"\benviron\b|\bgetenv\b", path.read_text(encoding="utf-8"))
    }
    assert readers <= {
        "api/__main__.py",
        "api/app.py",
        "api/cli/command.py",
        "api/cli/serve.py",
        "api/settings.py",
    }
