"""The settings: one table of environment variables and options of the same name, parsed once."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "PAPERSHELF_"
TEST_PREFIX = "PAPERSHELF_TEST_"
"""Variables of the test suite; the program neither reads nor refuses them."""

ENGINES = ("tantivy", "whoosh")
ANY = ("*",)
MAX_SHOWN = 80
MIN_TOKEN = 16
MAX_TOKEN_FILE = 4096

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,512}=*")
"""What can be sent as a bearer token (RFC 6750, section 2.1)."""


class SettingsError(ValueError):
    """A setting that does not exist or has a wrong value; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table.

    `name` is the field of `Settings`; `parse` turns a written value into what the field holds, or
    None if it is wrong; `default` is written as a user would write it, None if there is none.
    `expected` completes "must be ..."; `metavar` stands for the value in a usage line.
    What is `secret` is never shown, and no option, for everyone on a machine sees the options of
    its processes. `sets` is the field of `Settings` where that has another name.
    """

    name: str
    default: str | None
    parse: Callable[[str], Any]
    expected: str
    description: str
    metavar: str
    secret: bool = False
    sets: str = ""

    @property
    def variable(self) -> str:
        """The environment variable, such as PAPERSHELF_CORS_ORIGINS."""
        return PREFIX + self.name.upper()

    @property
    def option(self) -> str:
        """The option of the command line, such as --cors-origins; empty for a secret."""
        return "" if self.secret else "--" + self.name.replace("_", "-")

    @property
    def target(self) -> str:
        """The field of `Settings` that it sets."""
        return self.sets or self.name


def _path(text: str) -> Path | None:
    return None if "\0" in text else Path(text).expanduser()


def _engine(text: str) -> str | None:
    return text if text in ENGINES else None


def _host(text: str) -> str | None:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    return bare if _is_address(bare) or _is_host_name(bare) else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_host_name(text: str) -> bool:
    """Whether a text is a host name; one that is all digits and dots is a mistyped address."""
    return (
        len(text) <= 253
        and bool(_HOST_NAME.fullmatch(text.lower()))
        and not re.fullmatch(r"[0-9.]+", text)
    )


def _whole(low: int, high: int) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        if not (text.isascii() and text.isdigit() and len(text) <= 12):
            return None
        return int(text) if low <= int(text) <= high else None

    return parse


def _list(text: str, one: Callable[[str], str | None]) -> tuple[str, ...] | None:
    parts = [one(part.strip()) for part in text.split(",")]
    return None if None in parts else tuple(dict.fromkeys(part for part in parts if part))


def _origin(text: str) -> str | None:
    """An origin as browsers send it (RFC 6454): scheme, host and port in lower case, no path."""
    url = _web_address(text)
    return url if url and not urlsplit(url).path else None


def _cors_origins(text: str) -> tuple[str, ...] | None:
    if text in ("*", "none"):
        return ANY if text == "*" else ()
    return _list(text, _origin)


def _web_address(text: str) -> str | None:
    """An http(s) URL without default port and final slash; None for any other text.

    Credentials, queries and fragments have no place in it.
    """
    if not text.isascii() or not text.isprintable() or set(text) & set(" \"'<>\\?#@"):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not (_is_address(host) or _is_host_name(host)):
        return None
    usual = {"http": 80, "https": 443}[parts.scheme]
    authority = f"[{host}]" if ":" in host else host
    authority += f":{port}" if port not in (None, usual) else ""
    return f"{parts.scheme}://{authority}{parts.path.rstrip('/')}"


def _allowed_host(text: str) -> str | None:
    bare = text.lower().removeprefix("*.")
    return text.lower() if _host(bare) else None


def _allowed_hosts(text: str) -> tuple[str, ...] | None:
    return ANY if text == "*" else _list(text, _allowed_host)


def _network(text: str) -> str | None:
    """An address or network in its usual form; None where bits are set beyond its prefix."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        return None


def _networks(text: str) -> tuple[str, ...] | None:
    return () if text == "none" else _list(text, _network)


def _token(text: str) -> str | None:
    return text if len(text) >= MIN_TOKEN and _TOKEN.fullmatch(text) else None


def _token_of_file(text: str) -> str | None:
    """The token that is all of a file; None where there is none or the file cannot be read."""
    try:
        with Path(text).expanduser().open("rb") as file:
            return _token(file.read(MAX_TOKEN_FILE).decode("ascii").strip())
    except (OSError, ValueError):
        return None


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data",
        "data",
        _path,
        "the path of a folder",
        "Folder with the papers (SQLite), the full-text index and the rejects.",
        "FOLDER",
    ),
    Setting(
        "engine",
        "tantivy",
        _engine,
        "one of " + ", ".join(ENGINES),
        "Full-text engine: tantivy, or whoosh (pure Python, good to about 10,000 papers).",
        "|".join(ENGINES),
    ),
    Setting(
        "host",
        "127.0.0.1",
        _host,
        "an IP address or a host name, such as 127.0.0.1 or 0.0.0.0",
        "Address to listen on; 0.0.0.0 or :: for every network of the machine.",
        "ADDRESS",
    ),
    Setting(
        "port",
        "8000",
        _whole(0, 65535),
        "a whole number from 0 to 65535",
        "Port to listen on; 0 takes any free one and prints it.",
        "N",
    ),
    Setting(
        "workers",
        "1",
        _whole(1, 64),
        "a whole number from 1 to 64",
        "Processes that serve; more than one for more than one core.",
        "N",
    ),
    Setting(
        "cors_origins",
        "*",
        _cors_origins,
        "*, none, or origins such as https://app.example.org with commas between",
        "Web origins whose pages may read the answers: *, none, or a list with commas.",
        "LIST",
    ),
    Setting(
        "public_url",
        None,
        _web_address,
        "an http or https address such as https://papers.example.org",
        "Address under which others reach the server; links are relative without it.",
        "URL",
    ),
    Setting(
        "allowed_hosts",
        "*",
        _allowed_hosts,
        "*, or host names such as papers.example.org or *.example.org with commas between",
        "Host names that requests may be for: *, or a list with commas.",
        "LIST",
    ),
    Setting(
        "max_body",
        "131072",
        _whole(1024, 64 * 1024 * 1024),
        "a number of bytes from 1024 to 67108864",
        "Largest request body that is read, in bytes; uploads have a bound of their own.",
        "BYTES",
    ),
    Setting(
        "max_connections",
        "1000",
        _whole(1, 100_000),
        "a whole number from 1 to 100000",
        "Connections that each worker holds open; one more is told to try again.",
        "N",
    ),
    Setting(
        "rate_limit",
        "0",
        _whole(0, 1_000_000),
        "a whole number from 0 to 1000000",
        "Requests a minute that each worker answers for one client; 0 for any number.",
        "N",
    ),
    Setting(
        "trusted_proxies",
        "none",
        _networks,
        "none, or addresses and networks such as 10.0.0.0/8 with commas between",
        "Proxies that are believed whose requests they pass on: none, or a list with commas.",
        "LIST",
    ),
    Setting(
        "token",
        None,
        _token,
        f"at least {MIN_TOKEN} characters out of A-Z a-z 0-9 - . _ ~ + /",
        "Secret that whoever writes must show; without one nobody can load or remove by HTTP.",
        "TOKEN",
        secret=True,
    ),
    Setting(
        "token_file",
        None,
        _token_of_file,
        f"a file that holds nothing but a token of at least {MIN_TOKEN} characters",
        "File that holds the token; goes before a token in the environment.",
        "FILE",
        sets="token",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, parsed. `("*",)` means any; `cors_origins` may be empty for none at all.

    `public_url` is empty where links shall be relative, `token` where nobody may write;
    `rate_limit` is 0 where there is none; `trusted_proxies` are networks as `ipaddress.ip_network`
    takes them.
    """

    data: Path = Path("data")
    engine: str = "tantivy"
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    cors_origins: tuple[str, ...] = ANY
    public_url: str = ""
    allowed_hosts: tuple[str, ...] = ANY
    max_body: int = 128 * 1024
    max_connections: int = 1000
    rate_limit: int = 0
    trusted_proxies: tuple[str, ...] = ()
    token: str = field(default="", repr=False)

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> "Settings":
        """The settings of an environment; `options` (field name to text) go before it.

        An empty value is as good as none. Raises `SettingsError` for the first variable that does
        not exist or value that is wrong.
        """
        for variable in sorted(environ):
            if variable.startswith(PREFIX):
                _refuse_unknown(variable)
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            option = (options or {}).get(setting.name)
            text = environ.get(setting.variable, "") if option is None else option
            if text or option is not None:
                where = setting.variable if option is None else setting.option
                values[setting.target] = _value(setting, where, text)
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """The variables that give these settings, for the environment of a worker process.

        Those of files are empty: what was in them has been read.
        """
        written: dict[str, str] = {}
        for setting in SETTINGS:
            value = "" if setting.sets else getattr(self, setting.name)
            if isinstance(value, tuple):
                written[setting.variable] = ",".join(value) or "none"
            elif value != "" or setting.sets:
                written[setting.variable] = str(value)
        return written


def _refuse_unknown(variable: str) -> None:
    known = [setting.variable for setting in SETTINGS]
    if variable in known or variable.startswith(TEST_PREFIX):
        return
    name = variable.removeprefix(PREFIX)[:64].lower()
    names = [setting.name for setting in SETTINGS]
    near = [each for each in names if name and each.startswith(name)]
    near = near or get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"The settings are {', '.join(known)}."
    if near:
        hint = f"Did you mean {PREFIX}{near[0].upper()}?"
    raise SettingsError(f"There is no setting {variable[:MAX_SHOWN]}. {hint}")


def _value(setting: Setting, where: str, text: str) -> Any:
    value = setting.parse(text.strip()) if text.strip() else None
    if value is None and setting.secret:
        raise SettingsError(f"{where} must be {setting.expected}.")
    if value is None:
        shown = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."
        raise SettingsError(f"{where} is {shown!r}, but must be {setting.expected}.")
    return value
