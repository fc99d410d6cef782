"""The practice tab: find a question, answer it, see the grade."""

import random
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.filters import Filter
from assistant.formulas import formulas_html
from assistant.grade import Grade
from assistant.question import Lang, Question
from assistant.session import Session
from assistant.ui import choices, text
from assistant.ui.answering import answer_box, answered
from assistant.ui.events import FOCUS, GRADING, PROGRESS, QUICK, await_models, guarded
from assistant.ui.fragments import asked, clock, empty, heading, question_line, reference_html
from assistant.ui.language import InLang, Page

LISTED = 20


@dataclass(frozen=True)
class Practising:
    """The question on the page, and the last answer to it with its grade."""

    question: str | None = None
    answer: str | None = None
    grade: Grade | None = None


class PracticeTab:
    """The tab's components and what they do; `pick` is also how the bank hands over a question."""

    def __init__(self, page: Page, engine: Engine) -> None:
        self.page, self.engine = page, engine
        self.state = gr.State(Practising())
        with gr.Row(elem_classes="two-columns"):
            with gr.Column(scale=2, min_width=300):
                self._finding()
            with gr.Column(scale=3, min_width=320):
                self._answering()
        self.outputs = [self.state, self.nothing, self.room, self.question, self.hint, self.reference, self.grade]
        self._connect()

    def _finding(self) -> None:
        page, bank = self.page, self.engine.bank
        page.make(gr.Markdown, value=text.PRACTICE_INTRO, elem_classes="intro")
        self.query = page.make(
            gr.Textbox, label=text.SEARCH, placeholder=text.SEARCH_PLACEHOLDER, max_length=500, elem_id="query"
        )
        self.topic = page.make(gr.Dropdown, label=text.TOPIC, choices=choices.topics(bank, everything=True), value="")
        with gr.Row(elem_classes="actions"):
            self.search = page.make(gr.Button, value=text.SEARCH_BUTTON, variant="primary", elem_id="search")
            self.random = page.make(gr.Button, value=text.RANDOM, elem_id="random")
        self.none = gr.HTML(visible=False)
        self.found = page.make(gr.Radio, label=text.QUESTIONS, elem_classes="list", elem_id="found")

    def _answering(self) -> None:
        page = self.page
        self.nothing = page.make(gr.HTML, value=InLang(lambda lang: empty(text.PICK_ONE, lang)))
        with gr.Column(visible=False) as self.room:
            self.question = gr.HTML(elem_id="practice-question")
            self.answer = answer_box(page, lines=7, elem_id="practice-answer")
            with gr.Row(elem_classes="actions"):
                self.submit = page.make(gr.Button, value=text.SUBMIT, variant="primary", elem_id="practice-submit")
            self.grade = gr.HTML(elem_id="practice-grade")
            with page.make(gr.Accordion, label=text.SHOW_HINT, open=False):
                self.hint = gr.HTML()
            with page.make(gr.Accordion, label=text.SHOW_REFERENCE, open=False, elem_id="practice-reference"):
                self.reference = gr.HTML()

    def _connect(self) -> None:
        page, listing = self.page, [self.found, self.none]
        asked = [page.lang, self.query, self.topic]
        page.open(self.listed, [self.query, self.topic], listing)
        page.redraw(self.listed, [self.query, self.topic], listing)
        page.redraw(self.draw, [self.state], self.outputs)
        gr.on([self.search.click, self.query.submit], guarded(self.listed), asked, listing, **GRADING)
        self.topic.input(guarded(self.listed), asked, listing, **GRADING)
        picked = [self.found.input(guarded(self.pick), [page.lang, self.found], [*self.outputs, self.answer], **QUICK)]
        picked.append(
            self.random.click(guarded(self.surprise), [page.lang, self.topic], [*self.outputs, self.answer], **QUICK)
        )
        for event in picked:
            event.success(None, js=FOCUS, api_visibility="private")
        self.submit.click(
            guarded(self.graded),
            [page.lang, page.user, self.state, self.answer],
            self.outputs,
            show_progress_on=[self.answer],
            **GRADING,
        )

    def listed(self, lang: Lang, query: str | None, topic: str, progress: Any = PROGRESS) -> list[Any]:
        """Return the questions found, by meaning where there are words to go by."""
        found = self._searched(lang, query, topic, progress) if query and query.strip() else self._sample(topic)
        nothing = gr.update(visible=not found, value=empty(text.NOTHING_FOUND, lang))
        return [gr.update(choices=choices.questions(found, lang), value=None, visible=bool(found)), nothing]

    def _searched(self, lang: Lang, query: str, topic: str, progress: Any) -> list[Question]:
        await_models(self.engine, lang, progress)
        where = Filter(topics=(topic,) if topic else ())
        hits = self.engine.search.search(query, LISTED, where)
        return [self.engine.bank.get(hit.id) for hit in hits]

    def _sample(self, topic: str) -> list[Question]:
        """Return a topic's questions, or where none is chosen the first of each."""
        if topic:
            return list(self.engine.bank.select(topics=[topic]))
        firsts: dict[str, Question] = {}
        for question in self.engine.bank:
            firsts.setdefault(question.topic, question)
        return list(firsts.values())

    def pick(self, lang: Lang, question_id: str | None) -> list[Any]:
        """Return the updates that put a question on the page, with an empty answer box."""
        return [*self.draw(lang, Practising(question_id)), ""]

    def surprise(self, lang: Lang, topic: str) -> list[Any]:
        """Pick any question of the topic."""
        pool = self.engine.bank.select(topics=[topic] if topic else [])
        return self.pick(lang, random.choice(pool).id if pool else None)  # noqa: S311 - no secret

    def graded(self, lang: Lang, user: str, state: Practising, answer: str, progress: Any = PROGRESS) -> list[Any]:
        """Grade the answer, which stays in its box to be improved."""
        if state.question is None:
            return self.draw(lang, state)
        await_models(self.engine, lang, progress)
        grade = Session(self.engine, user).practise(self.engine.bank.get(state.question), answer, lang)
        return self.draw(lang, Practising(state.question, answer, grade))

    def draw(self, lang: Lang, state: Practising) -> list[Any]:
        """Return the updates of `outputs`."""
        if state.question is None:
            return [state, gr.update(visible=True), gr.update(visible=False), *[gr.skip()] * 4]
        question, bank = self.engine.bank.get(state.question), self.engine.bank
        line = question_line(question, bank, lang) + clock(f"practice/{question.id}", lang)
        return [
            state,
            gr.update(visible=False),
            gr.update(visible=True),
            heading(line) + asked(question.question.in_lang(lang)),
            f"<p>{formulas_html(question.hint.in_lang(lang))}</p>",
            reference_html(question, lang),
            answered(state.answer, state.grade, lang),
        ]


def create_practice_tab(page: Page, engine: Engine) -> PracticeTab:
    """Make the tab inside the tabs being built."""
    with page.make(gr.Tab, label=text.TAB_PRACTICE, id="practice"):
        return PracticeTab(page, engine)
