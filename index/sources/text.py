r"""From the text of a source, with its remains of LaTeX and HTML, to text that people read.

What is known is resolved, all else stays as it is written. Mathematics (`$...$`, `\(...\)`) and
URLs are kept whole: a later rendering may want the one, and a link breaks by any change.
"""

import html
import re
import unicodedata

_SPECIAL = re.compile(r"[\\&~]|x20[0-9a-f]{2}|\{")
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), " ")

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

# A dollar opens mathematics only before a non-space and closes it only after one and not before a
# digit, so that `$5 and $10` are prices (pandoc's rule); `$ x^2 $` needs a sign of mathematics.
_KEPT = re.compile(
    r"""\$\$[^$]+\$\$
      | (?<!\\)\$(?![\s$])(?:[^$\\]|\\.)*(?<!\s)\$(?![0-9])
      | (?<!\\)\$\s(?=[^$]{0,200}[\\^_{][^$]{0,200}\s\$)[^$]*\$
      | \\\((?:(?!\\[()]).)+\\\)
      | \\\[(?:(?!\\[\[\]]).)+\\\]
      | https?://[^\s{}<>"]+
    """,
    re.VERBOSE | re.DOTALL,
)
_KEPT_MARK = re.compile("\0([0-9]+)\0")
_URL_ESCAPE = re.compile(r"\\{1,2}([_%#&~$])")

_WRAPPERS = [
    "textbf",
    "textit",
    "emph",
    "texttt",
    "textsc",
    "textsf",
    "textrm",
    "textmd",
    "textup",
    "textsl",
    "textnormal",
    "text",
    "mbox",
    "underline",
    "textsuperscript",
    "textsubscript",
    "url",
    "uline",
    "textls",
]
_WRAPPED = re.compile(rf"\\(?:{'|'.join(_WRAPPERS)})\s*\{{((?:[^{{}}]|\{{[^{{}}]*\}})*+)\}}")
_TWO_ARGUMENTS = re.compile(
    r"\\(?:href|textcolor|colorbox)\s*\{[^{}]*\}\s*\{((?:[^{}]|\{[^{}]*\})*+)\}"
)
_FOOTNOTE = re.compile(r"\s*\\footnote\s*\{((?:[^{}]|\{[^{}]*\})*+)\}")
_SWITCHED = re.compile(r"\{\s*\\(?:it|bf|em|tt|sc|sf|rm|sl|itshape|bfseries)\b\s*([^{}]*)\}")
_MAX_NESTING = 8

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323",
    "b": "\u0331", "r": "\u030a", "k": "\u0328",
}  # fmt: skip
_ACCENT = re.compile(
    r"""\\(?: (?P<mark>['`^"~=.uvHcdbrk]) \s*\{\s*(?P<braced>\\?[A-Za-z])\s*\}
               | (?P<sign>['`^~]) (?P<letter>\\?[A-Za-z])
               | (?P<umlaut>") (?P<vowel>(?<=[A-Za-z]\\")[A-Za-z]|[A-Z]|\\i)
        )""",
    re.VERBOSE,
)
_ACCENT_IN_BRACES = re.compile(r"""\{\\(['`^"~=.])(\\?[A-Za-z])\}""")
_LETTER_IN_BRACES = re.compile(r"\{([\u00c0-\u024f])\}")
_APOSTROPHE = re.compile(r"(?<=\w)\\'(?=(?:s|t|d|m|ll|re|ve)?(?![\w{\\]))")

_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "l": "ł", "L": "Ł", "i": "ı", "j": "ȷ",
}  # fmt: skip
_WORDS = {
    "textendash": "–", "textemdash": "—", "textquoteright": "’", "textquoteleft": "‘",
    "textquotedblleft": "“", "textquotedblright": "”", "textasciitilde": "~", "textbackslash": "\\",
    "ldots": "…", "dots": "…", "eg": "e.g.", "ie": "i.e.", "etc": "etc.", "etal": "et al.",
    "times": "×", "pm": "±", "sim": "~", "deg": "°", "rightarrow": "→", "leq": "≤", "geq": "≥",
    "approx": "≈", "textdegree": "°", "copyright": "©", "LaTeX": "LaTeX", "TeX": "TeX",
}  # fmt: skip
_NAMED = re.compile(
    rf"\\({'|'.join(sorted(_LETTERS | _WORDS, key=len, reverse=True))})(?![A-Za-z])(\{{\}}|\.|\ )?"
)
_ESCAPED = re.compile(r"\\{1,2}([%&_#$])|\\([{}])")
_BREAK = re.compile(r"\\\\(?=\s|$)|\\(?=\s)|\\,")
_TIE = re.compile(r"(?<=[A-Za-z.,;:)\]\0])~(?=[A-Za-z0-9(\[\\\0])|(?<=[0-9%])~(?=[A-Za-z(\[])")

# `\u2013` or `&#x2013;` that lost all but `x2013`: between lower-case letters only, for data sets
# such as Phoenix2014T are words; quotation marks also at the edge of a word.
_LOST = re.compile(
    r"""(?<=[a-z])x(20(?:1[0-59cd]|18|2[026]|32|3a))(?=[a-z])
      | (?<![A-Za-z0-9])x(201[8c])(?=[A-Za-z])
      | (?<=[a-z])x(201[9d])(?![A-Za-z0-9])
    """,
    re.VERBOSE,
)


def readable(raw: str) -> str:
    r"""Text as a careful reader would copy it: `4.7\%` is `4.7%`, `\textbf{X}` is `X`.

    Runs of white space and control characters become one space. Plain prose, `--` and
    mathematics come back as they are. Linear in the length of `raw`; never raises.
    """
    text = " ".join(raw.translate(_CONTROLS).split())
    if _SPECIAL.search(text):
        text = " ".join(_resolve(_ENTITY.sub(_entity, text)).split())
    return text


def _entity(found: re.Match[str]) -> str:
    return html.unescape(found[0]).translate(_CONTROLS)


def _resolve(text: str) -> str:
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        piece = found[0]
        kept.append(_URL_ESCAPE.sub(r"\1", piece) if piece.startswith("http") else piece)
        return f"\0{len(kept) - 1}\0"

    text = _KEPT.sub(keep, text)
    text = _LOST.sub(lambda found: chr(int(found[1] or found[2] or found[3], 16)), text)
    if "\\" in text or "{" in text:
        text = _latex(text)
    text = _TIE.sub(" ", text)
    return _KEPT_MARK.sub(lambda found: kept[int(found[1])], text)


def _latex(text: str) -> str:
    text = _APOSTROPHE.sub("'", text)
    text = _ACCENT.sub(_accented, _ACCENT_IN_BRACES.sub(r"\\\1{\2}", text))
    for _ in range(_MAX_NESTING):
        before = text
        text = _TWO_ARGUMENTS.sub(r"\1", text)
        text = _FOOTNOTE.sub(r" (\1)", text)
        text = _WRAPPED.sub(r"\1", text)
        text = _SWITCHED.sub(r"\1", text)
        if text == before:
            break
    text = _LETTER_IN_BRACES.sub(r"\1", _NAMED.sub(_named, text))
    text = _BREAK.sub(" ", text)
    return _ESCAPED.sub(lambda found: found[1] or found[2], text)


def _accented(found: re.Match[str]) -> str:
    mark = found["mark"] or found["sign"] or found["umlaut"]
    base = found["braced"] or found["letter"] or found["vowel"]
    if base.startswith("\\") and base not in (r"\i", r"\j"):
        return found[0]
    letter = unicodedata.normalize("NFC", base.lstrip("\\") + _ACCENTS[mark])
    return letter if len(letter) == 1 else found[0]


def _named(found: re.Match[str]) -> str:
    name, tail = found[1], found[2] or ""
    if name in _LETTERS:
        return _LETTERS[name]
    word = _WORDS[name]
    if tail == "{}" or (tail == "." and word.endswith(".")):
        tail = ""
    return word + tail
