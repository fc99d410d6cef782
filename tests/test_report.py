import html
import json
import re
import xml.etree.ElementTree as ET
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
    radar_figure,
    report_html,
    report_json,
    report_markdown,
    score_over_time_figure,
    summarise,
)
from tests.examples import answered, finished, make_attempt, make_bank, make_grade, make_question

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
    assert "p(x_i\\mid x_{&lt;i})" in report_html(interview, make_bank([question]), "en")


@pytest.fixture
def mixed():
    """Three questions: one good, one skipped, one half wrong with a follow-up that won a point."""
    first, second, third = make_question(1, "rag"), make_question(2, "law"), make_question(3, "rag")
    good = make_grade(first, "all of it", ["covered"] * 3, [(0, 3), (4, 6), (7, 9)])
    bad = make_grade(third, "half", ["contradicted", "missing", "missing"], [(0, 4), None, None])
    won = make_grade(follow_up_question(third, "p1"), "now I know", ["covered"], [(0, 3)])
    interview = finished(
        answered(first, "all of it", good, hinted=True),
        Exchange(second.id, skipped=True),
        answered(third, "half", bad, follow_up="p1", follow_up_answer="now I know", follow_up_grade=won),
    )
    return interview, make_bank([first, second, third])


def test_a_summary_counts_what_happened(mixed):
    summary = summarise(*mixed)
    # 100, skipped 0, and 0 + half of the follow-up's weight 2/6 = 17
    assert summary.score == round((100 + 0 + 17) / 3)
    assert [(t.topic, t.score, t.questions) for t in summary.topics] == [("law", 0, 1), ("rag", 58, 2)]
    assert (summary.total, summary.answered, summary.skipped, summary.follow_ups, summary.hints) == (3, 2, 1, 1, 1)
    assert [t.topic for t in summary.weak_topics] == ["law", "rag"]


def test_points_won_and_lost_carry_their_evidence(mixed):
    summary = summarise(*mixed)
    won = [(p.question_id, p.id, p.evidence and p.evidence.text) for p in summary.won]
    assert won == [("rag-1", "p0", "all"), ("rag-1", "p1", "of"), ("rag-1", "p2", "it"), ("rag-3", "p1", "now")]
    lost = [(p.question_id, p.id, p.verdict, p.evidence and p.evidence.text) for p in summary.lost]
    assert lost == [
        *(("law-2", f"p{n}", "missing", None) for n in range(3)),
        ("rag-3", "p0", "contradicted", "half"),
        ("rag-3", "p2", "missing", None),
    ]


def test_what_to_study_is_ordered_by_lost_weight_and_has_the_reference(mixed):
    study = summarise(*mixed).study
    assert [(item.question_id, round(item.lost, 3)) for item in study] == [("law-2", 1.0), ("rag-3", 0.667)]
    assert [point.id for point in study[1].points] == ["p0", "p2"]
    assert study[0].reference.en == "Reference answer number 2."


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
    grade = make_grade(
        question, "x", flags=("keyword_list", "too_short"), score=7, verdict="incorrect", feedback="Say why."
    )
    text = Page(grade_html(grade, "en")).text
    assert "7/100 Incorrect likely between 0 and 17" in text
    assert "lists terms" in text
    assert "too short" in text
    assert "Say why." in text
    assert "只罗列了术语" in grade_html(grade, "zh")


def test_the_document_asks_for_nothing_from_outside(mixed):
    made = report_html(*mixed, "zh")
    assert not re.search(r"https?://|src=|url\(|@import|<script|<link", made)
    assert REPORT_CSS in made
    assert "prefers-color-scheme: dark" in REPORT_CSS


@pytest.mark.parametrize("topics", [1, 2, 3, 8, 9, 20])
def test_the_chart_has_an_axis_for_every_topic_and_every_topic_is_named(topics):
    questions = [make_question(n, topic=f"t{n}") for n in range(topics)]
    grades = [make_grade(question, "a", score=5 * n) for n, question in enumerate(questions)]
    interview = finished(*(answered(q, "a", g) for q, g in zip(questions, grades, strict=True)))
    made = report_html(interview, make_bank(questions), "en")
    drawn = re.search(r"<svg.*</svg>", made)
    assert (drawn is not None) == (topics >= 3)
    if drawn:
        svg = ET.fromstring(drawn[0])
        assert len(svg.findall("circle")) == topics
    text = Page(made).text
    assert all(f"T{n}" in text for n in range(topics))


def test_the_radar_reaches_as_far_as_the_score_says():
    questions = [make_question(n, topic=f"t{n}") for n in range(4)]
    scores = [0, 25, 50, 100]
    grades = [make_grade(question, "a", score=score) for question, score in zip(questions, scores, strict=True)]
    made = report_html(finished(*map(answered, questions, "aaaa", grades)), make_bank(questions), "en")
    box = [float(number) for number in re.search(r'viewBox="([^"]*)"', made)[1].split()]
    places = [(float(x), float(y)) for x, y in re.findall(r'<circle class="ia-dot" cx="([\d.]+)" cy="([\d.]+)"', made)]
    radii = [((x - box[2] / 2) ** 2 + (y - box[3] / 2) ** 2) ** 0.5 for x, y in places]
    assert [round(radius / radii[3] * 100) for radius in radii] == scores


def test_the_pages_radar_closes_and_keeps_names_apart_from_markup():
    titles = {t: Bilingual("很长的中文主题名称与更多文字", f"<b>{t}</b>") for t in "abc"}
    figure = radar_figure({"a": 10.4, "b": 50, "c": 90}, "en", titles)
    assert list(figure.data[0].r) == [10, 50, 90, 10]
    assert figure.data[0].theta[0] == "&lt;b&gt;a&lt;/b&gt;"
    assert "<br>" in radar_figure({"a": 1, "b": 2, "c": 3}, "zh", titles).data[0].theta[0]
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert radar_figure({"a": 10}, "en", titles).data[0].type == "bar"


def test_scores_over_time_run_from_old_to_new_with_a_running_mean(question):
    newest_first = [
        make_attempt("u", question, "x", score=score, minute=minute) for minute, score in ((2, 90), (1, 60), (0, 30))
    ]
    figure = score_over_time_figure(newest_first, "en")
    assert list(figure.data[0].y) == [30, 60, 90]
    assert list(figure.data[1].y) == [30, 45, 60]
    assert score_over_time_figure([], "zh").layout.annotations[0].text == "还没有作答记录"
