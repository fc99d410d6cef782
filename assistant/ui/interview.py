"""The interview tab: choose, answer question by question, read the report."""

from dataclasses import replace
from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.interview import Interview, Plan
from assistant.question import Lang
from assistant.session import Session
from assistant.ui import choices, text
from assistant.ui.answering import answer_box
from assistant.ui.events import FOCUS, GRADING, PROGRESS, QUICK, await_models, guarded
from assistant.ui.interview_view import Parts, Shown, Updates, after_answer, draw, opened
from assistant.ui.language import LANGUAGE_NAMES, InLang, Page
from assistant.ui.text import say


class InterviewTab:
    """The tab's components and what its buttons do: handlers take the language first, and return a dict of updates."""

    def __init__(self, page: Page, engine: Engine) -> None:
        self.page, self.engine = page, engine
        self.shown = gr.State(Shown())  # inside the tab: a child of the tabs that is no tab would shift their labels
        with gr.Column() as self.setup:
            self._choosing()
        with gr.Column(visible=False) as self.room:
            self._asking()
        with gr.Column(visible=False) as self.report:
            self._reporting()
        self.parts = Parts(**{name: getattr(self, name) for name in Parts._fields})
        self.outputs = [self.shown, self.answer, *self.parts]
        self._connect()

    def _choosing(self) -> None:
        page, bank = self.page, self.engine.bank
        page.make(gr.Markdown, value=text.INTERVIEW_INTRO, elem_classes="intro")
        with gr.Row():
            asked_in = page.make(
                gr.Radio, LANGUAGE_NAMES, label=text.QUESTION_LANGUAGE, value=InLang(lambda lang: lang)
            )
            difficulty = page.make(
                gr.Radio, label=text.DIFFICULTY, choices=choices.difficulties(), value=choices.ANY_DIFFICULTY
            )
        with gr.Row():
            topics = page.make(
                gr.Dropdown, label=text.TOPICS, info=text.TOPICS_INFO, choices=choices.topics(bank), multiselect=True
            )
            roles = page.make(
                gr.Dropdown, label=text.ROLES_LABEL, info=text.ROLES_INFO, choices=choices.roles(), multiselect=True
            )
        length = page.make(gr.Slider, 1, 15, value=5, step=1, label=text.LENGTH, elem_id="length")
        self.plan = [asked_in, topics, roles, difficulty, length]
        with gr.Row(elem_classes="actions"):
            # enabled once the browser's id is known, lest the first interview go to nobody
            self.start = page.make(gr.Button, value=text.START, variant="primary", interactive=False, elem_id="start")
            self.last = page.make(gr.Button, value=text.LAST_REPORT, visible=False, elem_id="last-report")

    def _asking(self) -> None:
        page = self.page
        self.heading = gr.HTML(elem_id="heading")
        self.question = gr.HTML(elem_id="question")
        self.first = gr.HTML(elem_id="grade")
        self.follow_up = gr.HTML(elem_id="follow-up")
        self.second = gr.HTML(elem_id="follow-up-grade")
        with gr.Column() as self.writing:
            self.answer = answer_box(page, lines=8, elem_id="answer")
            with gr.Row(elem_classes="actions"):
                self.submit_button = page.make(gr.Button, value=text.SUBMIT, variant="primary", elem_id="submit")
                self.hint_button = page.make(gr.Button, value=text.HINT, elem_id="hint")
                self.skip_button = gr.Button(elem_id="skip")
                self.finish_button = page.make(gr.Button, value=text.FINISH, elem_id="finish", elem_classes="quiet")
        with gr.Row(elem_classes="actions"):
            self.next_button = gr.Button(variant="primary", visible=False, elem_id="next")

    def _reporting(self) -> None:
        page = self.page
        with gr.Row(elem_classes="actions"):
            self.again_button = page.make(gr.Button, value=text.NEW_INTERVIEW, variant="primary", elem_id="again")
            self.html_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_HTML, elem_id="download-html")
            self.markdown_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_MARKDOWN, elem_id="download-markdown")
        self.report_body = gr.HTML(elem_id="report")

    def _connect(self) -> None:
        page, outputs = self.page, self.outputs
        seen, here = [page.lang, self.shown], [page.lang, page.user, self.shown]
        page.redraw(self.redraw, [self.shown], outputs)
        page.open(self.open, [page.user], outputs)
        steps = [
            self.start.click(guarded(self.begin), [page.lang, page.user, *self.plan], outputs, **QUICK),
            self.submit_button.click(
                guarded(self.submit), [*here, self.answer], outputs, show_progress_on=[self.answer], **GRADING
            ),
            self.hint_button.click(guarded(self.hint), here, outputs, **QUICK),
            self.skip_button.click(guarded(self.skip), here, outputs, **QUICK),
            self.next_button.click(guarded(self.next), here, outputs, **QUICK),
            self.finish_button.click(guarded(self.finish), here, outputs, **QUICK),
            self.again_button.click(guarded(self.again), seen, outputs, **QUICK),
            self.last.click(guarded(self.last_report), seen, outputs, **QUICK),
        ]
        for step in steps:
            step.success(None, js=FOCUS, api_visibility="private")

    def _show(self, lang: Lang, shown: Shown, clear: bool = False) -> Updates:
        updates = {self.shown: shown, **draw(self.parts, shown, self.engine.bank, lang)}
        return {**updates, self.answer: ""} if clear else updates

    def _current(self, lang: Lang, user: str, shown: Shown) -> tuple[Session, Interview | None]:
        """Return the stored interview if this page shows where it stands; None if another page has moved it on."""
        session = Session(self.engine, user)
        stored = session.latest()
        if stored is None or Shown("asking", stored).place != shown.place:
            gr.Warning(say(text.MOVED_ON, lang))
            return session, None
        return session, stored

    def redraw(self, lang: Lang, shown: Shown) -> Updates:
        """Draw the same again, in another language."""
        return self._show(lang, shown)

    def open(self, lang: Lang, user: str) -> Updates:
        """Show a page that has just been loaded: the interview under way, or the choice of one."""
        shown = opened(Session(self.engine, user).latest())
        return {**self._show(lang, shown), self.parts.start: gr.update(interactive=True)}

    def begin(self, lang: Lang, user: str, *plan: Any) -> Updates:
        """Start the interview that was chosen."""
        asked_in, topics, roles, difficulty, length = plan
        low_high = choices.difficulty_range(difficulty)
        wanted = Plan(asked_in, tuple(topics or ()), tuple(roles or ()), low_high, int(length))
        return self._show(lang, Shown("asking", Session(self.engine, user).begin(wanted)), clear=True)

    def submit(self, lang: Lang, user: str, shown: Shown, answer: str, progress: Any = PROGRESS) -> Updates:
        """Grade the answer; if that fails, it stays in the box."""
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        await_models(self.engine, lang, progress)
        return self._show(lang, after_answer(session.answer(interview, answer)), clear=True)

    def hint(self, lang: Lang, user: str, shown: Shown) -> Updates:
        """Show the hint."""
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        return self._show(lang, Shown("asking", session.keep(interview.hint())))

    def skip(self, lang: Lang, user: str, shown: Shown) -> Updates:
        """Leave the question, or its follow-up, unanswered."""
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        was_follow_up = interview.step == "follow_up"
        skipped = session.keep(interview.skip())
        view = Shown("review", skipped) if was_follow_up else self._next(skipped)
        return self._show(lang, view, clear=True)

    def next(self, lang: Lang, user: str, shown: Shown) -> Updates:
        """Go on from a grade to what comes next."""
        interview = Session(self.engine, user).latest()
        return self._show(lang, self._next(interview) if interview else Shown(), clear=True)

    def _next(self, interview: Interview) -> Shown:
        return Shown("report" if interview.step == "finished" else "asking", interview)

    def finish(self, lang: Lang, user: str, shown: Shown) -> Updates:
        """End the interview and show its report."""
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        finished = session.keep(interview.finish())
        if not finished.exchanges:
            gr.Info(say(text.NOTHING_ANSWERED, lang))
            return self._show(lang, Shown("setup", finished), clear=True)
        return self._show(lang, Shown("report", finished), clear=True)

    def again(self, lang: Lang, shown: Shown) -> Updates:
        """Go back to the choice."""
        return self._show(lang, replace(shown, view="setup"))

    def last_report(self, lang: Lang, shown: Shown) -> Updates:
        """Show the report of the interview that ended last."""
        return self._show(lang, replace(shown, view="report"))


def create_interview_tab(page: Page, engine: Engine) -> None:
    """Make the tab inside the tabs being built."""
    with page.make(gr.Tab, label=text.TAB_INTERVIEW, id="interview"):
        InterviewTab(page, engine)
