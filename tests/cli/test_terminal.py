"""What reaches a terminal: one line, no escape sequences, and something for every encoding."""

import io
import unicodedata

import pytest

from api.terminal import Column, Terminal, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\r\nc\td", "a b c d"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x9b2J", "\ufffd2J"),
        ("abc\u202edcb", "abcdcb"),
        ("soft\u00adhyphen", "softhyphen"),
        ("a\u2028b", "a b"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\udcff", "\ufffd"),
        ("Erdős, 数学, 👩\u200d🔬", "Erdős, 数学, 👩\u200d🔬"),
        ("", ""),
    ],
)
def test_text_is_shown_on_one_line_and_harmless(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_no_character_at_all_can_control_a_terminal() -> None:
    everything = printable("".join(map(chr, range(0x110000))))
    assert everything.isprintable() or all(
        unicodedata.category(each) not in ("Cc", "Cs", "Zl", "Zp") for each in everything
    )
    assert "\x1b" not in everything


def terminal(encoding: str = "utf-8") -> tuple[Terminal, io.BytesIO, io.BytesIO]:
    out, err = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(each, encoding=encoding, write_through=True) for each in (out, err)]
    return Terminal(*streams), out, err


def test_an_ascii_terminal_shows_what_it_can_and_json_whole() -> None:
    there, out, err = terminal("ascii")
    there.answer("Erdős – 数学")
    there.table([Column("Title")], [(["Erdős"], "id")])
    there.sections([("Title", "Erdős")], "數")
    there.answer_json('{"title":"Erdős"}'.encode())
    there.error("no file Erdős")
    there.flush()
    text = out.getvalue()
    assert text.startswith(b"Erd?s ? ??\n")
    assert text.endswith('{"title":"Erdős"}\n'.encode())
    assert err.getvalue() == b"papershelf: no file Erd\\u0151s\n"


def test_text_in_tables_is_never_markup() -> None:
    there, out, _ = terminal()
    there.table([Column("Title")], [(["[bold]x[/bold] :smile: [link=a]b"], "[red]")])
    there.sections([("[red]a", "[/]")], "[blink]b")
    there.flush()
    shown = out.getvalue().decode()
    assert "[bold]x[/bold] :smile: [link=a]b" in shown
    assert "[red]a" in shown
    assert "[/]" in shown
    assert "[blink]b" in shown


def test_a_line_below_a_row_is_never_broken() -> None:
    there, out, _ = terminal()
    there.table([Column("Day", 4), Column("Title")], [(["2025", "word " * 100], "x" * 300)])
    there.flush()
    lines = out.getvalue().decode().splitlines()
    assert "  " + "x" * 300 in lines
    assert len(lines) > 4


def test_an_error_is_one_line_whatever_it_names() -> None:
    there, _, err = terminal()
    there.error("a\nb\x1b[2J: no such file")
    assert err.getvalue().decode() == "papershelf: a b\ufffd[2J: no such file\n"


def test_a_standard_error_that_has_gone_does_not_end_the_work() -> None:
    tried: list[str] = []

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            tried.append(text)
            raise BrokenPipeError

    Terminal(io.StringIO(), Gone()).note("committed 5")
    assert tried


def test_without_a_terminal_there_is_no_bar() -> None:
    there, _, err = terminal()
    with there.progress("Loading") as bar:
        assert bar is None
    assert err.getvalue() == b""
