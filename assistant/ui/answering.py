"""An answer, being written and graded: what interviews, practice and history share."""

from typing import Any

import gradio as gr

from assistant.grade import Grade
from assistant.question import Lang
from assistant.report import grade_html, highlighted_answer
from assistant.ui import text
from assistant.ui.language import Page
from assistant.ui.text import say


def answer_box(page: Page, lines: int, elem_id: str) -> Any:
    """Return the box to write an answer in; page.js submits it with Ctrl + Enter and keeps its draft."""
    return page.make(
        gr.Textbox,
        label=text.ANSWER,
        placeholder=text.ANSWER_PLACEHOLDER,
        info=text.KEYS,
        lines=lines,
        max_lines=24,
        elem_id=elem_id,
        elem_classes="answer-box",
    )


def answered(answer: str | None, grade: Grade | None, lang: Lang) -> str:
    """Return an answer, its covered parts marked, with its grade below; nothing where there is no grade."""
    if grade is None:
        return ""
    title = f"<h4>{say(text.ANSWER, lang)}</h4>"
    return f'<div class="graded">{title}{highlighted_answer(answer or "", grade, lang)}{grade_html(grade, lang)}</div>'
