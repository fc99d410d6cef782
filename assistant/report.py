"""An interview's report as an HTML document and as JSON; pages import everything that shows grades from here."""

from collections.abc import Sequence
from typing import Any

from assistant.bank import Bank
from assistant.charts import radar_figure, score_over_time_figure, scores_markup
from assistant.formulas import formulas_html
from assistant.grade import Grade
from assistant.interview import Exchange, Interview, follow_up_text
from assistant.markup import REPORT_CSS, escape, grade_html, highlighted_answer, point_html
from assistant.question import Lang, Question
from assistant.report_markdown import report_markdown
from assistant.report_words import say
from assistant.summary import StudyItem, Summary, known_question, question_text, summarise

__all__ = [
    "REPORT_CSS",
    "Summary",
    "grade_html",
    "highlighted_answer",
    "radar_figure",
    "report_html",
    "report_json",
    "report_markdown",
    "score_over_time_figure",
    "summarise",
]


def report_json(interview: Interview, bank: Bank) -> dict[str, Any]:
    """Return the report as JSON: the summary, and under "interview" every answer and grade."""
    return {**summarise(interview, bank).to_dict(), "interview": interview.to_dict()}


def report_html(interview: Interview, bank: Bank, lang: Lang) -> str:
    """Return a whole HTML document that needs no script and no network."""
    title = escape(say("report", lang))
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{REPORT_CSS}</style></head>"
        f'<body class="ia-page">{report_fragment(interview, bank, lang)}</body></html>\n'
    )


def report_fragment(interview: Interview, bank: Bank, lang: Lang) -> str:
    """Return the report's body, to stand in a page that has REPORT_CSS."""
    summary = summarise(interview, bank)
    done = [exchange for exchange in interview.exchanges if exchange.done]
    details = "".join(_exchange(number, exchange, bank, lang) for number, exchange in enumerate(done, start=1))
    return (
        f'<main class="ia-report">{_overview(summary, lang)}{_topics(summary, lang)}'
        + (_study(summary, lang) if done else "")
        + (f"<h2>{escape(say('in_detail', lang))}</h2>{details}" if done else "")
        + _made_by([exchange.grade for exchange in done if exchange.grade], lang)
        + "</main>"
    )


def _overview(summary: Summary, lang: Lang) -> str:
    counts = say(
        "counts",
        lang,
        total=summary.total,
        answered=summary.answered,
        skipped=summary.skipped,
        follow_ups=summary.follow_ups,
        hints=summary.hints,
    )
    empty = "" if summary.answered or summary.skipped else f"<p>{escape(say('nothing_answered', lang))}</p>"
    return (
        f"<h1>{escape(say('report', lang))}</h1>"
        f'<p class="ia-overall"><span>{escape(say("overall", lang))}</span> <b>{summary.score}</b>'
        f'<span class="ia-score">/100</span></p><p class="ia-counts">{escape(counts)}</p>{empty}'
    )


def _topics(summary: Summary, lang: Lang) -> str:
    if not summary.topics:
        return ""
    heading = say("topics", lang)
    scores = [(topic.title.in_lang(lang), topic.score) for topic in summary.topics]
    return f"<h2>{escape(heading)}</h2>{scores_markup(scores, heading)}"


def _study(summary: Summary, lang: Lang) -> str:
    items = "".join(_study_item(item, lang) for item in summary.study)
    return f"<h2>{escape(say('study', lang))}</h2>" + (items or f"<p>{escape(say('nothing_to_study', lang))}</p>")


def _study_item(item: StudyItem, lang: Lang) -> str:
    points = "".join(
        point_html(point.verdict, escape(point.text.in_lang(lang)), point.evidence, lang) for point in item.points
    )
    return (
        f'<section class="ia-study-item"><h3><bdi>{escape(item.question.in_lang(lang))}</bdi> '
        f'<span class="ia-tag">{item.score}/100</span></h3><ul class="ia-points">{points}</ul>'
        f"{_reference(item.reference.in_lang(lang), lang)}</section>"
    )


def _reference(text: str, lang: Lang) -> str:
    if not text:
        return ""
    return (
        f"<details><summary>{escape(say('reference', lang))}</summary>"
        f'<div class="ia-reference" dir="auto">{formulas_html(text)}</div></details>'
    )


def _exchange(number: int, exchange: Exchange, bank: Bank, lang: Lang) -> str:
    question = known_question(exchange, bank)
    tags = " · ".join(say(name, lang) for name in ("skipped", "hinted") if getattr(exchange, name))
    parts = [
        f'<article class="ia-exchange"><h3>{number}. <bdi>{escape(question_text(exchange, bank).in_lang(lang))}</bdi> '
        f'<span class="ia-tag">{escape(tags)}</span></h3>',
        _answered(exchange.answer, exchange.grade, say("your_answer", lang), lang),
        _follow_up(exchange, question, lang),
        _reference(question.reference.in_lang(lang), lang) if question else "",
        "</article>",
    ]
    return "".join(parts)


def _answered(answer: str | None, grade: Grade | None, heading: str, lang: Lang) -> str:
    if grade is None:
        return ""
    return f"<h4>{escape(heading)}</h4>{highlighted_answer(answer or '', grade, lang)}{grade_html(grade, lang)}"


def _follow_up(exchange: Exchange, question: Question | None, lang: Lang) -> str:
    if exchange.follow_up is None:
        return ""
    asked = follow_up_text(question, exchange.follow_up).in_lang(lang) if question else ""
    heading = f"<h4>{escape(say('follow_up', lang))}</h4><p><bdi>{escape(asked)}</bdi></p>"
    if exchange.follow_up_grade is None:
        return f'{heading}<p class="ia-tag">{escape(say("not_answered", lang))}</p>'
    return heading + _answered(exchange.follow_up_answer, exchange.follow_up_grade, say("your_answer", lang), lang)


def _made_by(grades: Sequence[Grade], lang: Lang) -> str:
    if not grades:
        return ""
    grade = grades[-1]
    text = say("made_by", lang, grader=grade.grader, encoder=grade.encoder, bank=grade.bank)
    return f'<p class="ia-made-by">{escape(text)}</p>'
