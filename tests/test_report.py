import html
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant.grade import Grade
from assistant.interview import Exchange, follow_up_question
from assistant.question import Bilingual
from assistant.report import (
    REPORT_CSS,
    grade_html,
    highlighted_answer,
    report_html,
    report_json,
    report_markdown,
    summarise,
)
from tests.examples import answered, finished, make_bank, make_grade, make_question, mixed_interview

PROBES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</mark></div><iframe src=javascript:alert(1)>",
    "<!-- --><style>body{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[click](javascript:alert(1)) ![x](http://example.org/x.png) <http://example.org>",
    "```\n# heading\n```\n| a | b |\n| - | - |\n\n    <script>",
    "# heading\n\n- item\n\n1. one\n\n---\n\n===\n> quote\n[ref]: http://example.org",
    "$\\href{javascript:alert(1)}{x}$ `code` **bold** __bold__ ~~gone~~ www.example.org",
]
ALLOWED_TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "section",
        "article",
        "div",
        "span",
        "p",
        "b",
        "i",
        "small",
    ),
    *("h1", "h2", "h3", "h4", "ul", "li", "q", "bdi", "mark", "details", "summary"),
    *("svg", "path", "polygon", "circle", "text", "tspan"),
}


class Page(HTMLParser):
    """What a browser makes of the markup: its tags, its attributes, and the text in elements of a class."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


@pytest.fixture
def question():
    return make_question(1)


answers = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("<>&\"'\n\r\t ;#xש"), max_size=60)


@st.composite
def graded_answers(draw: st.DrawFn) -> tuple[str, Grade]:
    """An answer with a grade whose spans overlap, nest, touch and coincide as they like."""
    answer = draw(answers)
    places = st.integers(0, len(answer))
    spans = [draw(st.none() | st.tuples(places, places).map(lambda pair: (min(pair), max(pair)))) for _ in range(3)]
    verdicts = draw(
        st.lists(st.sampled_from(["covered", "partial", "missing", "contradicted"]), min_size=3, max_size=3)
    )
    return answer, make_grade(make_question(1), answer, verdicts, spans)


@given(graded_answers())
def test_a_highlighted_answer_without_its_tags_is_the_answer(case):
    answer, grade = case
    assert text_of(highlighted_answer(answer, grade, "en")) == answer


@given(graded_answers())
def test_exactly_the_evidence_is_marked(case):
    answer, grade = case
    marked = highlighted_answer(answer, grade, "en")
    inside: set[int] = set()
    position, within = 0, False
    for token in re.split(r"(<[^>]*>)", marked):
        if token.startswith("<"):
            within = token.startswith("<mark")
            continue
        length = len(html.unescape(token))
        inside |= set(range(position, position + length)) if within else set()
        position += length
    shown = grade.points("covered", "partial", "contradicted")
    assert inside == {at for point in shown if point.evidence for at in range(point.evidence.start, point.evidence.end)}


def test_where_spans_overlap_the_title_names_both_points_and_the_worse_decides_the_style(question):
    answer = "0123456789"
    grade = make_grade(question, answer, ["covered", "contradicted", "missing"], [(0, 6), (4, 8), None])
    marks = re.findall(
        r'<mark class="ia-mark ia-(\w+)" title="([^"]*)">([^<]*)</mark>', highlighted_answer(answer, grade, "en")
    )
    assert [(style, text) for style, _, text in marks] == [
        ("covered", "0123"),
        ("contradicted", "45"),
        ("contradicted", "67"),
    ]
    assert "Key point 0 of question 1" in marks[1][1]
    assert "Key point 1 of question 1" in marks[1][1]


def test_spans_beyond_a_shortened_answer_do_not_break_it(question):
    grade = make_grade(question, "a long answer", ["covered", "partial", "missing"], [(0, 13), (50, 60), None])
    assert text_of(highlighted_answer("short", grade, "en")) == "short"


def test_lone_surrogates_become_replacement_characters(question):
    grade = make_grade(question, "a\ud800b", ["covered", "missing", "missing"], [(0, 3), None, None])
    interview = finished(answered(question, "a\ud800b", grade))
    for made in (
        report_html(interview, make_bank([question]), "en"),
        report_markdown(interview, make_bank([question]), "en"),
    ):
        assert "a\ufffdb" in made.encode().decode()


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_users_or_banks_text_becomes_markup(probe, lang):
    hostile = Bilingual(probe, probe)
    base = make_question(1)
    points = tuple(type(p)(p.id, p.weight, hostile) for p in base.key_points)
    question = type(base)(**{**vars(base), "question": hostile, "reference": hostile, "key_points": points})
    grade = make_grade(
        question, probe, ["covered", "partial", "missing"], [(0, len(probe)), (1, 3), None], feedback=probe
    )
    follow = make_grade(follow_up_question(question, "p2"), probe, ["covered"], [(0, len(probe))], feedback=probe)
    interview = finished(
        answered(question, probe, grade, follow_up="p2", follow_up_answer=probe, follow_up_grade=follow),
        Exchange(question.id, skipped=True),
        answered(make_question(9, topic="gone"), probe, make_grade(make_question(9), probe, feedback=probe)),
    )
    bank = make_bank([question])
    bank.titles["rag"] = hostile
    page = Page(report_html(interview, bank, lang))
    assert set(page.tags) <= ALLOWED_TAGS
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]
    assert page.text.count(probe) >= 6  # shown as it was written: question, answer, evidence, feedback, reference
    fragment = Page(highlighted_answer(probe, grade, lang) + grade_html(grade, lang))
    assert set(fragment.tags) <= ALLOWED_TAGS


@pytest.mark.parametrize("probe", PROBES)
def test_in_markdown_the_users_words_are_plain_text(probe, question):
    grade = make_grade(
        question, probe, ["covered", "missing", "missing"], [(0, len(probe)), None, None], feedback=probe
    )
    plain_grade = make_grade(
        question, "words", ["covered", "missing", "missing"], [(0, 5), None, None], feedback="words"
    )
    bank = make_bank([question])
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    hostile = parser.parse(report_markdown(finished(answered(question, probe, grade)), bank, "en"))
    harmless = parser.parse(report_markdown(finished(answered(question, "words", plain_grade)), bank, "en"))
    kinds = [token.type for token in hostile if not token.type.startswith("paragraph")]
    assert set(kinds) == {token.type for token in harmless if not token.type.startswith("paragraph")}
    assert [token.content for token in hostile if token.type == "heading_open"] == [
        token.content for token in harmless if token.type == "heading_open"
    ]
    inline = {child.type for token in hostile for child in token.children or []}
    assert inline <= {"text", "text_special", "softbreak", "hardbreak", "strong_open", "strong_close"}


def read_back(markdown: str) -> str:
    """What a Markdown reader shows inside the quotation."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    shown = []
    for token in tokens:
        for child in token.children or []:
            shown.append("\n" if child.type in ("softbreak", "hardbreak") else child.content)
        if token.type == "paragraph_close":
            shown.append("\n\n")
    return "".join(shown).strip("\n")


@given(st.text(st.sampled_from("ab *_#`<>[]()!\\-+.:;|~$&\"'1=\n"), min_size=1, max_size=40))
def test_a_quoted_answer_reads_back_word_for_word(answer):
    question = make_question(1)
    report = report_markdown(
        finished(answered(question, answer, make_grade(question, answer))), make_bank([question]), "en"
    )
    quoted = [line for line in report.split("\n") if line.startswith(">")]

    def words(text: str) -> list[str]:
        return text.replace("\u00a0", " ").split()

    assert words(read_back("\n".join(quoted))) == words(answer)


def test_formulas_of_the_bank_stay_formulas_in_markdown():
    base = make_question(1)
    reference = Bilingual("公式 $p(x_i\\mid x_{<i})$ 与 a_b_c", "The formula $p(x_i\\mid x_{<i})$ and a_b_c <EOS>")
    question = type(base)(**{**vars(base), "reference": reference})
    interview = finished(Exchange(question.id, skipped=True))
    made = report_markdown(interview, make_bank([question]), "en")
    assert "$p(x_i\\mid x_{< i})$ and a\\_b\\_c \\<EOS\\>" in made
    drawn = "<msub><mi>x</mi><mrow><mo>&#x0003C;</mo><mi>i</mi></mrow></msub>"
    assert drawn in report_html(interview, make_bank([question]), "en")


@pytest.fixture
def mixed():
    return mixed_interview()


def test_nothing_answered_is_said_and_not_divided_by_zero(question):
    interview = finished()
    assert summarise(interview, make_bank([question])).score == 0
    assert "Nothing was answered" in report_html(interview, make_bank([question]), "en")
    assert "还没有作答" in report_markdown(interview, make_bank([question]), "zh")


def test_a_question_that_the_bank_has_lost_is_still_reported(question):
    grade = make_grade(question, "mine", ["covered", "missing", "missing"], [(0, 4), None, None])
    interview = finished(answered(question, "mine", grade))
    other = make_bank([make_question(7)])
    assert summarise(interview, other).won[0].text.en == "Key point 0 of question 1"
    assert "mine" in report_html(interview, other, "en")
    assert "mine" in report_markdown(interview, other, "zh")


def test_the_json_report_is_json_and_complete(mixed):
    data = json.loads(json.dumps(report_json(*mixed)))
    assert data["score"] == 39
    assert data["interview"]["exchanges"][0]["answer"] == "all of it"
    assert data["study"][0]["reference"]["zh"] == "第2个参考答案。"


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ["讲到了", "没讲到", "说反了"]), ("en", ["Covered", "Missing", "Contradicted"])]
)
def test_verdicts_are_words_and_symbols_not_colours_alone(mixed, lang, words):
    text = Page(report_html(*mixed, lang)).text
    for symbol, word in zip("✓○✗", words, strict=True):
        assert re.search(f"{symbol}\\s*{word}", text)


def test_a_grade_explains_its_flags_verdict_and_interval(question):
    grade = make_grade(question, "x", flags=("keyword_list", "too_short"), score=7, verdict="incorrect")
    text = Page(grade_html(grade, "en")).text
    assert "7/100 Incorrect likely between 0 and 17" in text
    assert "lists terms" in text
    assert "too short" in text
    assert "0 of 3 key points covered." in text
    assert "只罗列了术语" in grade_html(grade, "zh")


def test_the_document_asks_for_nothing_from_outside(mixed):
    made = report_html(*mixed, "zh")
    assert not re.search(r"https?://|src=|url\(|@import|<script|<link", made)
    assert REPORT_CSS in made
    assert "prefers-color-scheme: dark" in REPORT_CSS
