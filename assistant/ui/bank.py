"""The bank tab: browse, filter and read every question."""

from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.question import Lang, Question
from assistant.ui import choices, text
from assistant.ui.events import FOCUS, QUICK, guarded
from assistant.ui.fragments import empty, question_html
from assistant.ui.language import Page
from assistant.ui.practice import PracticeTab
from assistant.ui.text import say

LISTED = 500  # radio buttons that a phone still draws at once


class BankTab:
    """The tab's components; a question read here can be handed to the practice tab."""

    def __init__(self, page: Page, engine: Engine, practice: PracticeTab, tabs: Any) -> None:
        self.engine, self.practice = engine, practice
        page.make(gr.Markdown, value=text.BANK_INTRO, elem_classes="intro")
        filters = _filters(page, engine)
        with gr.Row(elem_classes="two-columns"):
            with gr.Column(scale=2, min_width=300):
                count = gr.HTML(elem_id="bank-count")
                found = gr.Radio(show_label=False, elem_classes="list", elem_id="bank-list")
            with gr.Column(scale=3, min_width=320):
                reading = gr.HTML(elem_id="bank-question")
                with gr.Row(elem_classes="actions"):
                    practise = page.make(gr.Button, value=text.PRACTISE_THIS, visible=False, elem_id="practise-this")
        listing, detail, asked = [found, count], [reading, practise], [found, *filters]
        gr.on([item.change for item in filters], guarded(self.listed), [page.lang, *asked], listing, **QUICK)
        found.change(guarded(self.read), [page.lang, found], detail, **QUICK)
        taken = practise.click(
            guarded(self.practise), [page.lang, found], [tabs, *practice.outputs, practice.answer], **QUICK
        )
        taken.success(None, js=FOCUS, api_visibility="private")
        for when in (page.open, page.redraw):
            when(self.listed, asked, listing)
            when(self.read, [found], detail)

    def listed(self, lang: Lang, chosen: str | None, *wanted: Any) -> list[Any]:
        """Return the updates of the list and its count; what is being read stays chosen."""
        questions = _matching(self.engine, *wanted)
        shown = questions[:LISTED]
        name = text.BANK_COUNT if len(questions) == len(shown) else text.BANK_SHOWN
        line = f'<p class="empty">{say(name, lang, count=len(questions), shown=len(shown))}</p>'
        kept = chosen if chosen in [question.id for question in shown] else None
        return [gr.update(choices=choices.questions(shown, lang), value=kept), line]

    def read(self, lang: Lang, question_id: str | None) -> list[Any]:
        """Return the updates that show everything about a question, or the invitation to pick one."""
        if question_id is None:
            return [empty(text.BANK_PICK, lang), gr.update(visible=False)]
        bank = self.engine.bank
        return [question_html(bank.get(question_id), bank, lang), gr.update(visible=True)]

    def practise(self, lang: Lang, question_id: str | None) -> list[Any]:
        """Open the practice tab with this question."""
        return [gr.update(selected="practice"), *self.practice.pick(lang, question_id)]


def create_bank_tab(page: Page, engine: Engine, practice: PracticeTab, tabs: Any) -> None:
    """Make the tab inside the tabs being built."""
    with page.make(gr.Tab, label=text.TAB_BANK, id="bank"):
        BankTab(page, engine, practice, tabs)


def _filters(page: Page, engine: Engine) -> list[Any]:
    with gr.Row():
        words = page.make(gr.Textbox, label=text.BANK_FILTER, placeholder=text.BANK_FILTER_PLACEHOLDER, max_length=100)
        topic = page.make(
            gr.Dropdown, label=text.TOPIC, choices=choices.topics(engine.bank, everything=True), value="", min_width=140
        )
        level = page.make(
            gr.Dropdown,
            label=text.DIFFICULTY,
            choices=choices.difficulties(),
            value=choices.ANY_DIFFICULTY,
            min_width=140,
        )
        role = page.make(gr.Dropdown, label=text.ROLE, choices=choices.roles(anyone=True), value="", min_width=140)
        kind = page.make(gr.Dropdown, label=text.KIND, choices=choices.kinds(), value="", min_width=140)
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
