import re
import xml.etree.ElementTree as ET

import pytest

from assistant.question import Bilingual
from assistant.report import radar_figure, report_html, score_over_time_figure
from tests.examples import answered, finished, make_attempt, make_bank, make_grade, make_question
from tests.test_report import Page


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


def test_scores_over_time_run_from_old_to_new_with_a_running_mean():
    question = make_question(1)
    newest_first = [
        make_attempt("u", question, "x", score=score, minute=minute) for minute, score in ((2, 90), (1, 60), (0, 30))
    ]
    figure = score_over_time_figure(newest_first, "en")
    assert list(figure.data[0].y) == [30, 60, 90]
    assert list(figure.data[1].y) == [30, 45, 60]
    assert score_over_time_figure([], "zh").layout.annotations[0].text == "还没有作答记录"
