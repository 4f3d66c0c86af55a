"""From the text of a source to text that people read."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sources.text import readable


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (r"gains of 4.7\% and 8\%", "gains of 4.7% and 8%"),
        (r"doubly escaped 86\\% too", "doubly escaped 86% too"),
        (r"Q\&A, a\_b, \#1, \$5, \{x\}", "Q&A, a_b, #1, $5, {x}"),
        (r"\textbf{Varco Arena}, \emph{really}", "Varco Arena, really"),
        (r"\textbf{C}onstraint \textbf{M}ulti", "Constraint Multi"),
        (r"\textbf{a \textit{nested \emph{deep}} one}", "a nested deep one"),
        (r"\textbf{with {braces} inside}", "with {braces} inside"),
        (r"\textcolor{red}{warning}, \href{https://a.org/x}{our page}", "warning, our page"),
        (r"see \url{https://a.org/b\_c}.", "see https://a.org/b_c."),
        (r"a method\footnote{Ours.} works", "a method (Ours.) works"),
        (r"the {\it first} and {\bf second}", "the first and second"),
        (r"10\textsuperscript{th}", "10th"),
        (r"B\'ezier, Fr\'{e}chet, na\"{\i}ve, Erd\H{o}s", "Bézier, Fréchet, naïve, Erdős"),
        (r"G\"odel, \"Uber, {\'e}t{\'e}, F\`ux\`i, Do\~nana", "Gödel, Über, été, Fùxì, Doñana"),
        (r"\v{S}koda, {\c{c}}a, stra{\ss}e, {\o}re, \L{}odz", "Škoda, ça, straße, øre, Łodz"),
        (r"today\'s, don\'t, models\' use", "today's, don't, models' use"),
        (r"so \"quoted\" it stays", r"so \"quoted\" it stays"),
        (r"(\eg, GPT), \ie. this \etc.", "(e.g., GPT), i.e. this etc."),
        (r"30\deg and 2\times faster \ldots{}", "30° and 2× faster …"),
        (r"unknown \ours{} and \citep{x2020} stay", r"unknown \ours{} and \citep{x2020} stay"),
        (r"an open \textbf{brace stays", r"an open \textbf{brace stays"),
        ("Fig.~1, et~al., T5~models, 3~km, generation~(RAG)",
         "Fig. 1, et al., T5 models, 3 km, generation (RAG)"),
        ("about ~50%, 200~300, a ~ b, (~1%)", "about ~50%, 200~300, a ~ b, (~1%)"),
        ("at https://a.edu/~vgg/x2013y&amp=1", "at https://a.edu/~vgg/x2013y&amp=1"),
        ("a &lt; b &amp;&amp; c&nbsp;d &#8211; &#x27;", "a < b && c d – '"),
        ("AT&T, R&D; Q&A; &copy without end", "AT&T, R&D; Q&A; &copy without end"),
        ("paired samplesx2013less than", "paired samples–less than"),
        ("itx2019s a x201cquotex201d", "it’s a “quote”"),
        ("Phoenix2014T, 0x2013, x2000, kmax2001", "Phoenix2014T, 0x2013, x2000, kmax2001"),
        ("`what to align with' -- and --- so", "`what to align with' -- and --- so"),
        ("a\tb\n\nc\u00a0d\u2003e\x0bf\x7fg", "a b c d e f g"),
        (r"5.02 $\times$, $x_{i\%} \& ~y$ and $$a\_b$$",
         r"5.02 $\times$, $x_{i\%} \& ~y$ and $$a\_b$$"),
        (r"\(\mathcal{J}\&\mathcal{F}\) and \[a~b\]", r"\(\mathcal{J}\&\mathcal{F}\) and \[a~b\]"),
        (r"$ x \times \textbf{y} $ is kept", r"$ x \times \textbf{y} $ is kept"),
        (r"from $5 to \textbf{only} $10", "from $5 to only $10"),
        ("", ""),
    ],
)  # fmt: skip
def test_remains_of_latex_and_html(raw: str, expected: str) -> None:
    assert readable(raw) == expected


PROSE = st.text(
    st.characters(exclude_characters="\\&~{$", exclude_categories=("C", "Z")) | st.just(" "),
    max_size=300,
)


@given(PROSE)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_plain_prose_comes_back_but_for_its_spaces(text: str) -> None:
    if "x20" not in text:
        assert readable(text) == " ".join(text.split())


@given(st.text(max_size=300))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_any_text_is_taken_and_has_no_control_characters(text: str) -> None:
    read = readable(text)
    assert not any(char < " " or "\x7f" <= char < "\xa0" for char in read)
    assert "  " not in read


@pytest.mark.parametrize(
    "unit",
    ["\\textbf{", "\\textbf{{}", "{\\it ", "$", "$ _", "$x", "\\(", "\\[", "\\footnote", " ", "~",
     "\\'", "\\\"{", "{\\'e", "&#", "x20", "\\", "\\\\", "{", "}", "https://", "\\href{a}{",
     "\\$x$"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = time.process_time()
    readable(text)
    assert time.process_time() - began < 2
