"""What an interview looks like at each step: from its state to the properties of the page's components."""

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import gradio as gr

from assistant.bank import Bank
from assistant.interview import Exchange, Interview, follow_up_text
from assistant.question import Lang, Question
from assistant.report import report_fragment, report_html, report_markdown
from assistant.ui import text
from assistant.ui.answering import answered
from assistant.ui.exports import new_file
from assistant.ui.fragments import asked, clock, empty, heading, labelled, question_line
from assistant.ui.text import say

View = Literal["setup", "asking", "review", "report"]
Updates = dict[Any, Any]


@dataclass(frozen=True)
class Shown:
    """What a page shows: a view, and the interview as the page last saw it."""

    view: View = "setup"
    interview: Interview | None = None

    @property
    def place(self) -> tuple[str, int, str] | None:
        """Where the interview stands; two pages of one user may be at different places."""
        return (self.interview.id, self.interview.at, self.interview.step) if self.interview else None


class Parts(NamedTuple):
    """The components that change from step to step."""

    setup: Any
    start: Any
    room: Any
    report: Any
    last: Any
    heading: Any
    question: Any
    first: Any
    follow_up: Any
    second: Any
    writing: Any
    hint_button: Any
    skip_button: Any
    next_button: Any
    report_body: Any
    html_file: Any
    markdown_file: Any


def after_answer(interview: Interview) -> Shown:
    """Return the view that follows an answer: its grade, or the follow-up beside it."""
    return Shown("asking" if interview.step == "follow_up" else "review", interview)


def opened(interview: Interview | None) -> Shown:
    """Return the view of a page that has just been loaded."""
    under_way = interview is not None and interview.step != "finished"
    return Shown("asking" if under_way else "setup", interview)


def draw(parts: Parts, shown: Shown, bank: Bank, lang: Lang) -> Updates:
    """Return the updates that make the page show this."""
    interview = shown.interview
    columns = {
        parts.setup: gr.update(visible=shown.view == "setup"),
        parts.room: gr.update(visible=shown.view in ("asking", "review")),
        parts.report: gr.update(visible=shown.view == "report"),
        parts.last: gr.update(visible=bool(interview and interview.exchanges)),
    }
    if interview is None or shown.view == "setup":
        return columns
    if shown.view == "report":
        return {**columns, **_report(parts, interview, bank, lang)}
    exchange = interview.exchanges[interview.at - (shown.view == "review")]
    question = bank.get(exchange.question_id)
    if shown.view == "review":
        return {**columns, **_review(parts, interview, exchange, question, bank, lang)}
    return {**columns, **_asking(parts, interview, exchange, question, bank, lang)}


def _asking(
    parts: Parts, interview: Interview, exchange: Exchange, question: Question, bank: Bank, lang: Lang
) -> Updates:
    following = interview.step == "follow_up"
    timer = clock(f"{interview.id}/{interview.at}/{interview.step}", lang)
    return {
        **_asked(parts, interview, exchange, question, lang),
        parts.heading: _heading(interview, interview.at + 1, question_line(question, bank, lang) + timer, lang),
        parts.first: _before_follow_up(exchange, lang) if following else "",
        parts.second: "",
        parts.writing: gr.update(visible=True),
        parts.hint_button: gr.update(visible=not following and not exchange.hinted),
        parts.skip_button: say(text.SKIP_FOLLOW_UP if following else text.SKIP, lang),
        parts.next_button: gr.update(visible=False),
    }


def _review(
    parts: Parts, interview: Interview, exchange: Exchange, question: Question, bank: Bank, lang: Lang
) -> Updates:
    label = text.TO_REPORT if interview.step == "finished" else text.NEXT
    return {
        **_asked(parts, interview, exchange, question, lang),
        parts.heading: _heading(interview, interview.at, question_line(question, bank, lang), lang),
        parts.first: answered(exchange.answer, exchange.grade, lang),
        parts.second: answered(exchange.follow_up_answer, exchange.follow_up_grade, lang),
        parts.writing: gr.update(visible=False),
        parts.next_button: gr.update(visible=True, value=say(label, lang)),
    }


def _asked(parts: Parts, interview: Interview, exchange: Exchange, question: Question, lang: Lang) -> Updates:
    """The question, and its hint and follow-up where there is one, in the interview's own language."""
    asked_in = interview.plan.lang
    hint = labelled(text.HINT_LABEL, question.hint.in_lang(asked_in), lang, "note") if exchange.hinted else ""
    follow_up = follow_up_text(question, exchange.follow_up).in_lang(asked_in) if exchange.follow_up else ""
    return {
        parts.question: asked(question.question.in_lang(asked_in)) + hint,
        parts.follow_up: labelled(text.FOLLOW_UP, follow_up, lang, "asked follow-up") if follow_up else "",
    }


def _heading(interview: Interview, number: int, rest: str, lang: Lang) -> str:
    where = say(text.QUESTION_OF, lang, number=number, total=len(interview.exchanges))
    return heading(f"<b>{where}</b>{rest}")


def _before_follow_up(exchange: Exchange, lang: Lang) -> str:
    """The first answer's grade without what is missing from it: that is what the follow-up asks for."""
    if exchange.grade is None:
        return ""
    partly = replace(exchange.grade, key_points=exchange.grade.points("covered"), feedback="")
    return answered(exchange.answer, partly, lang) + empty(text.MORE_AFTER_FOLLOW_UP, lang)


def _report(parts: Parts, interview: Interview, bank: Bank, lang: Lang) -> Updates:
    html_file, markdown_file = report_files(interview, bank, lang)
    return {
        parts.report_body: report_fragment(interview, bank, lang),
        parts.html_file: html_file,
        parts.markdown_file: markdown_file,
    }


def report_files(interview: Interview, bank: Bank, lang: Lang) -> tuple[str, str]:
    """Write the report as HTML and as Markdown for download, and return the two paths."""
    page, source = new_file("interview-report.html"), new_file("interview-report.md")
    page.write_text(report_html(interview, bank, lang), encoding="utf-8", errors="replace")
    source.write_text(report_markdown(interview, bank, lang), encoding="utf-8", errors="replace")
    return str(page), str(source)
