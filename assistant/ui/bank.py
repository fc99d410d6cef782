"""The bank tab: browse, filter and read every question."""

from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.question import Lang, Question
from assistant.ui import choices, text
from assistant.ui.events import FOCUS, QUICK, guarded
from assistant.ui.fragments import empty, question_html
from assistant.ui.language import InLang, Page
from assistant.ui.practice import PracticeTab
from assistant.ui.text import say

LISTED = 200  # radio buttons that a phone still draws at once


def create_bank_tab(page: Page, engine: Engine, practice: PracticeTab, tabs: Any) -> None:
    """Make the tab inside the tabs being built; a question read here can be handed to `practice`."""
    with page.make(gr.Tab, label=text.TAB_BANK, id="bank"):
        page.make(gr.Markdown, value=text.BANK_INTRO, elem_classes="intro")
        filters = _filters(page, engine)
        with gr.Row(elem_classes="two-columns"):
            with gr.Column(scale=2, min_width=300):
                found = page.make(gr.Radio, label=text.QUESTIONS, elem_classes="list", elem_id="bank-list")
                count = gr.HTML(elem_id="bank-count")
            with gr.Column(scale=3, min_width=320):
                reading = page.make(gr.HTML, value=InLang(lambda lang: empty(text.BANK_PICK, lang)), elem_id="bank-question")
                practise = page.make(gr.Button, value=text.PRACTISE_THIS, visible=False, elem_id="practise-this")

    def listed(lang: Lang, *wanted: Any) -> list[Any]:
        questions = _matching(engine, *wanted)
        shown = questions[:LISTED]
        name = text.BANK_COUNT if len(questions) == len(shown) else text.BANK_SHOWN
        line = f'<p class="empty">{say(name, lang, count=len(questions), shown=len(shown))}</p>'
        return [gr.update(choices=choices.questions(shown, lang), value=None), line]

    def read(lang: Lang, question_id: str | None) -> list[Any]:
        if question_id is None:
            return [empty(text.BANK_PICK, lang), gr.update(visible=False)]
        return [question_html(engine.bank.get(question_id), engine.bank, lang), gr.update(visible=True)]

    def practise_this(lang: Lang, question_id: str | None) -> list[Any]:
        return [gr.update(selected="practice"), *practice.pick(lang, question_id)]

    detail = [reading, practise]
    gr.on([item.change for item in filters], guarded(listed), [page.lang, *filters], [found, count], **QUICK)
    found.change(guarded(read), [page.lang, found], detail, **QUICK)
    taken = practise.click(
        guarded(practise_this), [page.lang, found], [tabs, *practice.outputs, practice.answer], **QUICK
    )
    taken.success(None, js=FOCUS, api_visibility="private")
    page.open(listed, filters, [found, count])
    page.redraw(listed, filters, [found, count])


def _filters(page: Page, engine: Engine) -> list[Any]:
    with gr.Row():
        words = page.make(gr.Textbox, label=text.BANK_FILTER, placeholder=text.BANK_FILTER_PLACEHOLDER, max_length=100)
        topic = page.make(gr.Dropdown, label=text.TOPIC, choices=choices.topics(engine.bank, everything=True), value="")
        level = page.make(
            gr.Dropdown, label=text.DIFFICULTY, choices=choices.difficulties(), value=choices.ANY_DIFFICULTY
        )
        role = page.make(gr.Dropdown, label=text.ROLE, choices=choices.roles(anyone=True), value="")
        kind = page.make(gr.Dropdown, label=text.KIND, choices=choices.kinds(), value="")
    return [words, topic, level, role, kind]


def _matching(engine: Engine, words: str | None, topic: str, level: str, role: str, kind: str) -> list[Question]:
    chosen = engine.bank.select(
        [topic] if topic else [], [role] if role else [], [kind] if kind else [], choices.difficulty_range(level)
    )
    wanted = (words or "").casefold().split()
    return [question for question in chosen if all(word in _searchable(question) for word in wanted)]


def _searchable(question: Question) -> str:
    texts = (question.question, question.reference)
    return " ".join([question.id, *(text for pair in texts for text in (pair.zh, pair.en))]).casefold()
