import pytest

from index.document import EXACT_FIELDS, NUMBER_FIELDS, TEXT_FIELDS
from index.fields import FIELDS, HAS_VALUES
from index.language import MAX_CLAUSES, MAX_DEPTH, parse
from index.query import And, Nothing, Or, Phrase, Range, Term
from schema.errors import PROBLEMS, Problem
from schema.filters import FILTERS
from schema.record import LinkKind
from schema.search import MAX_QUERY_LENGTH
from tests.language.trees import show


def codes(text):
    return [warning.code for warning in parse(text).warnings]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        # Words and phrases
        ("alignment", "align"),
        ("Diffusion  ALIGNMENT", "(diffus AND align)"),
        ("naïve Łukasz", "(naiv AND lukasz)"),
        ("zero-shot", '"zero shot"'),
        ("state-of-the-art models", '("state of the art" AND model)'),
        ("c++ C# R f#", "(c++ AND c# AND r AND f#)"),
        ("gao's 'quoted'", "(gao AND quot)"),
        ("don't", '"don t"'),
        ("what is alignment?", "align"),
        ("最適輸送", '"最 適 輸 送"'),
        ('"optimal transport"', '"optim transport"'),
        ("“optimal transport”", '"optim transport"'),
        ('"transports"', "transport"),
        ('"a the"', '"a the"'),
        ('"optimal transport"~3 map', '("optim transport"~3 AND map)'),
        ("\u3000alignment\u00a0", "align"),
        # Stop words and repeated words
        ("the", "the"),
        ("the model", "model"),
        ("to be or not to be", "(to^2 AND be^2 AND or AND not)"),
        ('"the" model', "(the AND model)"),
        ("title:the model", "(title:the AND model)"),
        ("the -vision", "(the AND NOT vision)"),
        ("the AND model", "model"),
        ("the OR model", "model"),
        ("align aligned", "align^2"),
        ("align align^3 deep", "(align^4 AND deep)"),
        ('"a b" x "a b"', '("a b"^2 AND x)'),
        ("align " * 200, "align^100"),
        # Operators
        ("a1 AND b1", "(a1 AND b1)"),
        ("a1 && b1 || c1", "((a1 AND b1) OR c1)"),
        ("a1 OR b1 AND c1", "(a1 OR (b1 AND c1))"),
        ("a1 OR b1 c1", "((a1 OR b1) AND c1)"),
        ("a1 b1 OR c1", "(a1 AND (b1 OR c1))"),
        ("(a1 b1) OR c1", "((a1 AND b1) OR c1)"),
        ("a1 OR b1 OR c1", "(a1 OR b1 OR c1)"),
        ("a1 or b1 and c1", "(a1 AND b1 AND c1)"),
        ("NOT a1", "NOT a1"),
        ("NOT a1 b1", "(NOT a1 AND b1)"),
        ("NOT a1 OR b1", "(NOT a1 OR b1)"),
        ("NOT NOT a1", "a1"),
        ("NOT NOT NOT a1", "NOT a1"),
        ("NOT -a1", "a1"),
        ("-(-a1)", "a1"),
        ("a1 !b1", "(a1 AND NOT b1)"),
        # Exclusion
        ("-vision", "NOT vision"),
        ("-a1 -b1", "(NOT a1 AND NOT b1)"),
        ("protein -llm", "(protein AND NOT llm)"),
        ('deep -"reward model"', '(deep AND NOT "reward model")'),
        ("deep -(a1 b1)", "(deep AND NOT (a1 AND b1))"),
        ("deep -(a1 OR b1)", "(deep AND NOT (a1 OR b1))"),
        ("(-a1 b1)", "(NOT a1 AND b1)"),
        ("deep -title:gan", "(deep AND NOT title:gan)"),
        ("deep -has:code", "(deep AND NOT has:code)"),
        ("-zero-shot", 'NOT "zero shot"'),
        ("deep - vision", "(deep AND vision)"),
        ("deep -- vision -", "(deep AND vision)"),
        ("deep –vision", "(deep AND vision)"),
        ("a1 OR -b1", "(a1 OR NOT b1)"),
        # Groups and boosts
        ("(reward OR preference) -vision", "((reward OR prefer) AND NOT vision)"),
        ("((deep)) ((nets))", "(deep AND net)"),
        ("f(x1)", "(f AND x1)"),
        ("word^2", "word^2"),
        ("word^0.5 x^.25", "(word^0.5 AND x^0.25)"),
        ('"a b"~2^3', '"a b"~2^3'),
        ("(deep nets)^2 x1", "(deep^2 AND net^2 AND x1)"),
        ("title:hydra^3", "title:hydra^3"),
        ("title:(deep OR nets)^2 x1", "((title:deep OR title:net)^2 AND x1)"),
        ("year:[2023 TO 2024]^2", "published:20230101..20241231^2"),
        # Patterns
        ("align*", "align*"),
        ("Align*.", "align*"),
        ("naïve*", "naive*"),
        ("align**", "align*"),
        ("al?gn*", "wildcard al?gn*"),
        ("al*?gn", "wildcard al?*gn"),
        ("al*ment?", "wildcard al*ment"),
        ("author:lecun*", "author:lecun*"),
        ("title:trans*er", "title:wildcard trans*er"),
        ("c++*", "c++*"),
        ("transpotr~1", "transpotr~1"),
        ("transpotr~", "transpotr~1"),
        ("Proteïns~2", "proteins~2"),
        ("aligning~0", "align"),
        ("author:lecnu~", "author:lecnu~1"),
        ("(align*)^2", "align*^2"),
        # Fields
        ("title:hydra", "title:hydra"),
        ("Title:Hydras", "title:hydra"),
        ('title:"state space"', 'title:"state space"'),
        ("title:zero-shot", 'title:"zero shot"'),
        ("title:(hydra OR state)", "(title:hydra OR title:state)"),
        ("title:(hydra -abstract:state)", "(title:hydra AND NOT abstract:state)"),
        ("title:AND", "title:and"),
        ("author:gu", "author:gu"),
        ("author:Müllings", "author:mullings"),
        ('author:"Yann LeCun"', 'author:"yann lecun"'),
        ("category:cs.CL", "category:cs.cl"),
        ('category:"Machine  Learning"', "category:machine learning"),
        ("category:(cs.CL OR cs.LG)", "(category:cs.cl OR category:cs.lg)"),
        ("has:Code", "has:code"),
        ("has:(code model)", "(has:code AND has:model)"),
        ("source:daily-papers-2025-12-12.txt", "source:daily-papers-2025-12-12.txt"),
        ("id:arxiv:2407.09941v2", "id:arxiv:2407.09941"),
        ("id:2407.09941", "id:arxiv:2407.09941"),
        ("id:My-Own-Id", "id:my-own-id"),
        ("arxiv:hep-th/9901001", "id:arxiv:hep-th/9901001"),
        ("doi:10.1000/XYZ", "id:doi:10.1000/xyz"),
        ("acl:D16-2004", "id:acl:D16-2004"),
        # Dates and numbers
        ("year:2024", "published:20240101..20241231"),
        ("year:2023..2025", "published:20230101..20251231"),
        ("year:2023-2025", "published:20230101..20251231"),
        ("year:2023..", "published:20230101.."),
        ("year:..2023", "published:..20231231"),
        ("published:2024-02", "published:20240201..20240229"),
        ("published:2024-2-9", "published:20240209..20240209"),
        ("published:[2024-01 TO 2025-06]", "published:20240101..20250630"),
        ("published:{2024-01 TO 2025-06}", "published:20240132..20250600"),
        ("published:[2024-01  TO *]", "published:20240101.."),
        ("published:>2024", "published:20241232.."),
        ("published:>=2024", "published:20240101.."),
        ("published:<2024", "published:..20240100"),
        ("published:<=2024", "published:..20241231"),
        ("published:*", "published:.."),
        ("year:(2023 OR 2025)", "(published:20230101..20231231 OR published:20250101..20251231)"),
        ("listed:2025-12-12", "listed:20251212..20251212"),
        ("listed:2025-W50", "listed:20251208..20251214"),
        ("authors:>=20", "authorCount:20.."),
        ("authors:3", "authorCount:3..3"),
        ("comments:2..10", "comments:2..10"),
        ("upvotes:{2 TO 10]", "upvotes:3..10"),
        ("upvotes:{2 TO 3}", "nothing"),
        ('comments:"7"', "comments:7..7"),
    ],
)  # fmt: skip
def test_what_a_query_means(text, tree):
    parsed = parse(text)
    assert show(parsed.all) == tree
    assert parsed.warnings == ()


@pytest.mark.parametrize(
    ("text", "tree", "code", "suggestion"),
    [
        ("titel:hydra", "(titel AND hydra)", "field-unknown", "title:"),
        ("foo:bar", "(foo AND bar)", "field-unknown", None),
        ('foo:"a1 b1"', '(foo AND "a1 b1")', "field-unknown", None),
        ("foo:(a1 OR b1)", "(foo AND (a1 OR b1))", "field-unknown", None),
        ("title: hydra", "(titl AND hydra)", "field-value-missing", "title:hydra"),
        ("title:() hydra", "hydra", "field-value-missing", None),
        ("title:-gan", "title:gan", "operator-misplaced", "-title:gan"),
        ("title:!!", "titl", "value-invalid", "title:hydra"),
        ("year:abc", "(year AND abc)", "value-invalid", "year:2023..2025"),
        ("year:[a1 TO b1]", "(year AND a1 AND b1)", "value-invalid", "year:2023..2025"),
        ("published:2024-02-31", '(publish AND "2024 02 31")', "value-invalid",
         "published:2024-01..2025-06"),
        ("published:0-0-0", '(publish AND "0 0 0")', "value-invalid", "published:2024-01..2025-06"),
        ("authors:gu", "(author AND gu)", "value-invalid", "authors:>=20"),
        ("comments:99999999999", "(comment AND 99999999999)", "value-invalid", "comments:>=2"),
        ("comments:-5", "(comment AND 5)", "value-invalid", "comments:>=2"),
        ("comments:>=*", "comment", "value-invalid", "comments:>=2"),
        ("has:cod", "cod", "value-invalid", "has:code"),
        ("id:a:b", '(id AND "a b")', "value-invalid", "id:arxiv:2407.09941"),
        ("year:2025..2023", "published:20230101..20251231", "range-reversed", None),
        ("authors:{9 TO 2}", "authorCount:3..8", "range-reversed", None),
        ('"optimal transport', "(optim AND transport)", "quote-open", None),
        ('title:"hydra state', "(title:hydra AND state)", "quote-open", None),
        ("hydra)", "hydra", "parenthesis-unbalanced", None),
        ("(hydra", "hydra", "parenthesis-unbalanced", None),
        ("AND", "and", "operator-lone", "and"),
        ("hydra OR", "hydra", "operator-lone", "or"),
        ("AND hydra", "hydra", "operator-lone", "and"),
        ("hydra NOT", "hydra", "operator-lone", "not"),
        ("NOT AND deep", "deep", "operator-lone", "not"),
        ("hydra && $", "hydra", "operator-lone", None),
        ("hydra OR ()", "hydra", "operator-lone", "or"),
        ("*tion", "tion", "wildcard-invalid", None),
        ("a*", "a", "wildcard-invalid", None),
        ("a?b", '"a b"', "wildcard-invalid", None),
        ("self-superv*", '"self superv"', "wildcard-invalid", None),
        ("ab*c*d*e*f*g*h*i*j*k", '"ab c d e f g h i j k"', "wildcard-invalid", None),
        ('"optimal trans*"', '"optim tran"', "wildcard-ignored", None),
        ("the~1", "the", "fuzzy-invalid", None),
        ("zero-shot~1", '"zero shot"', "fuzzy-invalid", None),
        ("align*~1", "align", "fuzzy-invalid", None),
        ("aligning~0.8", "align", "fuzzy-invalid", None),
        ("transport~3", "transport~2", "fuzzy-invalid", "transport~2"),
        ("word^0", "word", "boost-invalid", "^2"),
        ("word^-1", "word", "boost-invalid", "^2"),
        ("word^1e9", "word", "boost-invalid", "^2"),
        ("word^1.2.3", "word", "boost-invalid", "^2"),
        ("word^999", "word^100", "boost-invalid", "^100"),
        ("word^" + "9" * 3000, "word^100", "boost-invalid", "^100"),
        ("word^0.001", "word^0.01", "boost-invalid", "^0.01"),
        ('"a1 b1"~', '"a1 b1"', "slop-invalid", "~2"),
        ("!!", "nothing", "no-searchable-words", None),
        ("", "nothing", "no-searchable-words", None),
        (" \t", "nothing", "no-searchable-words", None),
        ("*", "nothing", "no-searchable-words", None),
    ],
)  # fmt: skip
def test_what_was_not_understood_is_taken_as_words_and_reported(text, tree, code, suggestion):
    parsed = parse(text)
    assert show(parsed.all) == tree
    assert [(w.code, w.suggestion) for w in parsed.warnings] == [(code, suggestion)]


def test_warnings_point_at_the_text_they_speak_of_in_its_order():
    text = "deep titel:hydra (x1 year:abc"
    found = [(w.code, text[w.position : w.position + w.length]) for w in parse(text).warnings]
    assert found == [
        ("field-unknown", "titel:"),
        ("parenthesis-unbalanced", "("),
        ("value-invalid", "year:abc"),
    ]


def test_a_wildcard_in_a_value_gives_both_reasons():
    assert codes("category:cs.*") == ["wildcard-invalid", "value-invalid"]


def test_many_warnings_end_in_one_that_says_so():
    found = codes("foo:bar " * 100)
    assert found == ["field-unknown"] * 20 + ["more-warnings"]
    assert len(parse("fooo:bar " * 20).warnings) == 20


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("deep nets", "(deep OR net)"),
        ("deep", "deep"),
        ("the deep nets", "(deep OR net)"),
        ('"optimal transport" map', '("optim transport" OR map)'),
        ("zero-shot pruning", '("zero shot" OR prune)'),
        ("(deep nets) x1", "(deep OR net OR x1)"),
        ("deep nets -vision", "((deep OR net) AND NOT vision)"),
        ("-(deep nets) x1 y1", "(NOT (deep AND net) AND (x1 OR y1))"),
        ("deep nets year:2024", "((deep OR net) AND published:20240101..20241231)"),
        ("deep title:hydra nets", "((deep OR net) AND title:hydra)"),
        ("title:(deep nets)", "(title:deep OR title:net)"),
        ("title:(deep nets) x1", "((title:deep OR title:net) AND x1)"),
        ("(reward OR preference) deep nets", "((reward OR prefer) AND (deep OR net))"),
        ("a1 AND b1 c1 d1", "(a1 AND b1 AND (c1 OR d1))"),
        ("(a1 b1) OR c1", "(a1 OR b1 OR c1)"),
        ("(a1 b1) AND c1", "((a1 OR b1) AND c1)"),
        ("align* deep", "(align* OR deep)"),
        ("align align deep", "(align^2 OR deep)"),
        ("foo:bar", "(foo OR bar)"),
        ("-vision", "NOT vision"),
    ],
)
def test_what_any_word_matching_means(text, tree):
    assert show(parse(text).any) == tree


@pytest.mark.parametrize(
    ("text", "relaxable"),
    [
        ("optimal transport", True),
        ("(optimal transport)", True),
        ("(optimal transport)^2", True),
        ('"optimal transport" map', True),
        ('"optimal transport" "reward model"', True),
        ('"optimal transport"~2 map', True),
        ("zero-shot pruning", True),
        ("word^2 deep", True),
        ("to be", True),
        ("foo:bar", True),
        ("year:abc", True),
        ("x* deep", True),
        ("re~1 deep", True),
        ("deep nets AND", True),
        ('deep "nets', True),
        ("optimal", False),
        ('"optimal transport"', False),
        ("zero-shot", False),
        ("align align", False),
        ("the model", False),
        ("a1 AND b1", False),
        ("a1 OR b1", False),
        ("a1 b1 NOT c1", False),
        ("a1 b1 -c1", False),
        ("a1 b1 -(c1)", False),
        ("NOT NOT a1 b1", False),
        ("title:deep nets", False),
        ("title:(deep nets)", False),
        ("deep nets year:2024", False),
        ("deep align*", False),
        ("deep al?gn", False),
        ("deep aligm~1", False),
        ("!!", False),
    ],
)
def test_auto_relaxes_only_words_without_operators(text, relaxable):
    assert parse(text).relaxable is relaxable


def refused(text):
    with pytest.raises(Problem) as raised:
        parse(text)
    problem = raised.value
    assert problem.kind is PROBLEMS[problem.code]
    assert [error.parameter for error in problem.errors] == ["q"]
    assert problem.errors[0].code == problem.code
    return problem.code, problem.errors[0].suggestion


@pytest.mark.parametrize(
    ("passes", "fails", "code", "limit"),
    [
        ("a" + " " * 3999, "a" + " " * 4000, "query-too-long", "4000"),
        ("x" * 64, "x" * 65, "query-too-long", "64"),
        (f"title:{'x' * 64}", f"title:a-{'x' * 65}", "query-too-long", "64"),
        (f'"a {"x" * 64}"', f'"a {"x" * 65}"', "query-too-long", "64"),
        ("(" * 20 + "x" + ")" * 20, "(" * 21 + "x" + ")" * 21, "query-too-deep", "20"),
        ("-(" * 20 + "x", "-(" * 21 + "x", "query-too-deep", "20"),
        ("ab* " * 4, "ab* cd* efgh~ ij?l mn*", "query-too-many-expansions", "4"),
        ('"a b"~2 ' * 4, '"a b"~2 ' * 5, "query-too-many-expansions", "4"),
        ('"a b"~32', '"a b"~33', "query-too-many-expansions", "32"),
        ('"a b c"~5', '"a b c"~6', "query-too-many-expansions", "32"),
        ('"a b c d e f"~2', '"a b c d e f g"~2', "query-too-many-expansions", "32"),
        ('"a b"~1', f'"a b"~{"9" * 500}', "query-too-many-expansions", "32"),
    ],
)
def test_a_bound_passes_its_limit_and_refuses_what_is_beyond(passes, fails, code, limit):
    parse(passes)
    assert refused(fails) == (code, limit)


def test_a_query_with_operators_has_a_bound_of_clauses():
    words = [f"w{number}" for number in range(MAX_CLAUSES)]
    assert len(parse(" OR ".join(words)).all.nodes) == MAX_CLAUSES
    assert refused(" OR ".join([*words, "extra"])) == ("query-too-many-clauses", "64")
    assert refused(f"title:{'-'.join([*words, 'more'])}") == ("query-too-many-clauses", "64")
    assert refused(" ".join(words) + " -extra") == ("query-too-many-clauses", "64")


def test_a_long_plain_text_keeps_its_first_different_words():
    words = [f"w{number}" for number in range(MAX_CLAUSES + 6)]
    text = "the " + " ".join([*words[:40], "the", *words])
    parsed = parse(text)
    assert [term.text for term in parsed.all.nodes] == words[:MAX_CLAUSES]
    assert [term.boost for term in parsed.all.nodes] == [2.0] * 40 + [1.0] * 24
    assert isinstance(parsed.any, Or)
    assert parsed.relaxable
    (warning,) = parsed.warnings
    assert warning.code == "query-words-dropped"
    assert text[warning.position :].startswith("w64 ")
    assert codes(" ".join(words[:MAX_CLAUSES])) == []


def test_a_long_plain_text_keeps_its_rarest_words():
    words = [f"w{number}" for number in range(MAX_CLAUSES + 6)]
    common = {"w3", "w10", "w64", "w65", "w68", "w69"}
    parsed = parse(" ".join(words), lambda node: 1 + 8 * (node.text in common))
    assert [term.text for term in parsed.all.nodes] == [w for w in words if w not in common]
    assert parsed.crowded
    assert "rarest" in parsed.warnings[0].message
    assert not parse("a few words", lambda node: 1).crowded


def test_a_long_phrase_in_plain_text_is_cut():
    parsed = parse("x " + "-".join(f"w{number}" for number in range(100)))
    assert isinstance(parsed.all, And)
    assert isinstance(parsed.all.nodes[1], Phrase)
    assert len(parsed.all.nodes[1].words) == MAX_CLAUSES - 1
    assert [warning.code for warning in parsed.warnings] == ["query-words-dropped"]
    assert len(parse("最" * 100).all.words) == MAX_CLAUSES


@pytest.mark.parametrize("text", ["\ud800", "deep \udfff nets", '"\ud83d"'])
def test_half_characters_are_refused(text):
    assert refused(text) == ("query-text-invalid", None)


def test_other_odd_characters_are_only_punctuation():
    assert show(parse("deep\x00 \U0001f600 \x1f nets").all) == "(deep AND net)"


def test_the_bounds_are_those_of_the_design():
    assert (MAX_QUERY_LENGTH, MAX_DEPTH, MAX_CLAUSES) == (4000, 20, 64)


def test_trees_are_plain_values():
    assert parse("deep year:2024") == parse("deep  year:2024")
    assert parse("deep year:2024").all == And(
        (Term("text", "deep"), Range("published", 20240101, 20241231))
    )
    assert parse("!!").any == Nothing()


def test_fields_agree_with_the_filters_and_the_index():
    spelled = {spec.language: spec.field for spec in FILTERS if spec.language}
    assert {name: FIELDS[name].target for name in spelled} == spelled
    known = {*TEXT_FIELDS, *EXACT_FIELDS, *NUMBER_FIELDS}
    assert [field.name for field in FIELDS.values() if field.target not in known] == []
    assert {kind.value for kind in LinkKind} - {"other"} <= set(HAS_VALUES)
