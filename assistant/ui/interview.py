"""The interview tab: choose, answer question by question, read the report."""

from dataclasses import replace
from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.interview import Interview, Plan
from assistant.question import Lang
from assistant.session import Session
from assistant.ui import choices, text
from assistant.ui.events import FOCUS, GRADING, QUICK, await_models, guarded
from assistant.ui.interview_view import Parts, Shown, Updates, after_answer, draw, opened
from assistant.ui.language import LANGUAGE_NAMES, InLang, Page
from assistant.ui.text import say


def create_interview_tab(page: Page, engine: Engine) -> None:
    """Make the tab inside the tabs being built."""
    with page.make(gr.Tab, label=text.TAB_INTERVIEW, id="interview"):
        shown = gr.State(Shown())  # inside: a child of the tabs that is no tab would shift their labels
        with gr.Column() as setup:
            plan = _plan_inputs(page, engine)
            with gr.Row(elem_classes="actions"):
                start = page.make(gr.Button, value=text.START, variant="primary", elem_id="start")
                last = page.make(gr.Button, value=text.LAST_REPORT, visible=False, elem_id="last-report")
        with gr.Column(visible=False, elem_id="room") as room:
            room_parts = _room(page)
        with gr.Column(visible=False) as report:
            report_parts = _report(page)
    answer, submit, finish = room_parts.pop("answer"), room_parts.pop("submit"), room_parts.pop("finish")
    again = report_parts.pop("again")
    parts = Parts(setup=setup, room=room, report=report, last=last, **room_parts, **report_parts)
    handlers = _Handlers(engine, parts, shown, answer)
    _connect(page, handlers, plan, start, submit, finish, again)


def _plan_inputs(page: Page, engine: Engine) -> list[Any]:
    page.make(gr.Markdown, value=text.INTERVIEW_INTRO, elem_classes="intro")
    with gr.Row():
        lang = page.make(
            gr.Radio, LANGUAGE_NAMES, label=text.QUESTION_LANGUAGE, value=InLang(lambda lang: lang), elem_id="question-lang"
        )
        difficulty = page.make(
            gr.Radio, label=text.DIFFICULTY, choices=choices.difficulties(), value=choices.ANY_DIFFICULTY
        )
    with gr.Row():
        topics = page.make(
            gr.Dropdown, label=text.TOPICS, info=text.TOPICS_INFO, choices=choices.topics(engine.bank), multiselect=True
        )
        roles = page.make(
            gr.Dropdown, label=text.ROLES_LABEL, info=text.ROLES_INFO, choices=choices.roles(), multiselect=True
        )
    length = page.make(gr.Slider, 1, 15, value=5, step=1, label=text.LENGTH, elem_id="length")
    return [lang, topics, roles, difficulty, length]


def _room(page: Page) -> dict[str, Any]:
    heading = gr.HTML(elem_id="heading")
    question = gr.HTML(elem_id="question")
    first = gr.HTML(elem_id="grade")
    follow_up = gr.HTML(elem_id="follow-up")
    second = gr.HTML(elem_id="follow-up-grade")
    with gr.Column() as writing:
        answer = page.make(
            gr.Textbox,
            label=text.ANSWER,
            placeholder=text.ANSWER_PLACEHOLDER,
            info=text.KEYS,
            lines=8,
            max_lines=24,
            elem_id="answer",
            elem_classes="answer-box",
        )
        with gr.Row(elem_classes="actions"):
            submit = page.make(gr.Button, value=text.SUBMIT, variant="primary", elem_id="submit")
            hint_button = page.make(gr.Button, value=text.HINT, elem_id="hint")
            skip_button = gr.Button(elem_id="skip")
            finish = page.make(gr.Button, value=text.FINISH, elem_id="finish", elem_classes="quiet")
    with gr.Row(elem_classes="actions"):
        next_button = gr.Button(variant="primary", visible=False, elem_id="next")
    return {
        "heading": heading,
        "question": question,
        "first": first,
        "follow_up": follow_up,
        "second": second,
        "writing": writing,
        "answer": answer,
        "submit": submit,
        "hint_button": hint_button,
        "skip_button": skip_button,
        "finish": finish,
        "next_button": next_button,
    }


def _report(page: Page) -> dict[str, Any]:
    with gr.Row(elem_classes="actions"):
        again = page.make(gr.Button, value=text.NEW_INTERVIEW, variant="primary", elem_id="again")
        html_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_HTML, elem_id="download-html")
        markdown_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_MARKDOWN, elem_id="download-markdown")
    body = gr.HTML(elem_id="report")
    return {"report_body": body, "again": again, "html_file": html_file, "markdown_file": markdown_file}


class _Handlers:
    """What the buttons do: each takes the language first, and returns the updates of state, answer box and parts."""

    def __init__(self, engine: Engine, parts: Parts, shown: Any, answer: Any) -> None:
        self.engine, self.parts, self.shown, self.box = engine, parts, shown, answer
        self.outputs = [shown, answer, *parts]

    def _show(self, lang: Lang, shown: Shown, clear: bool = False) -> Updates:
        updates = {self.shown: shown, **draw(self.parts, shown, self.engine.bank, lang)}
        return {**updates, self.box: ""} if clear else updates

    def _current(self, lang: Lang, user: str, shown: Shown) -> tuple[Session, Interview | None]:
        """Return the stored interview if this page shows where it stands; None if another page has moved it on."""
        session = Session(self.engine, user)
        stored = session.latest()
        if stored is None or Shown("asking", stored).place != shown.place:
            gr.Warning(say(text.MOVED_ON, lang), title=say(text.NOTE, lang))
            return session, None
        return session, stored

    def redraw(self, lang: Lang, shown: Shown) -> Updates:
        return self._show(lang, shown)

    def open(self, lang: Lang, user: str) -> Updates:
        return self._show(lang, opened(Session(self.engine, user).latest()))

    def start(self, lang: Lang, user: str, *plan: Any) -> Updates:
        asked_in, topics, roles, difficulty, length = plan
        low_high = choices.difficulty_range(difficulty)
        wanted = Plan(asked_in, tuple(topics or ()), tuple(roles or ()), low_high, int(length))
        return self._show(lang, Shown("asking", Session(self.engine, user).begin(wanted)), clear=True)

    def submit(self, lang: Lang, user: str, shown: Shown, answer: str, progress: Any = gr.Progress()) -> Updates:
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        await_models(self.engine, lang, progress)
        return self._show(lang, after_answer(session.answer(interview, answer)), clear=True)

    def hint(self, lang: Lang, user: str, shown: Shown) -> Updates:
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        return self._show(lang, Shown("asking", session.keep(interview.hint())))

    def skip(self, lang: Lang, user: str, shown: Shown) -> Updates:
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        was_follow_up = interview.step == "follow_up"
        skipped = session.keep(interview.skip())
        view = Shown("review", skipped) if was_follow_up else self._next(skipped)
        return self._show(lang, view, clear=True)

    def next(self, lang: Lang, user: str, shown: Shown) -> Updates:
        interview = Session(self.engine, user).latest()
        return self._show(lang, self._next(interview) if interview else Shown(), clear=True)

    def _next(self, interview: Interview) -> Shown:
        return Shown("report" if interview.step == "finished" else "asking", interview)

    def finish(self, lang: Lang, user: str, shown: Shown) -> Updates:
        session, interview = self._current(lang, user, shown)
        if interview is None:
            return self.open(lang, user)
        finished = session.keep(interview.finish())
        if not finished.exchanges:
            gr.Info(say(text.NOTHING_ANSWERED, lang), title=say(text.NOTE, lang))
            return self._show(lang, Shown("setup", finished), clear=True)
        return self._show(lang, Shown("report", finished), clear=True)

    def again(self, lang: Lang, shown: Shown) -> Updates:
        return self._show(lang, replace(shown, view="setup"))

    def last_report(self, lang: Lang, shown: Shown) -> Updates:
        return self._show(lang, replace(shown, view="report"))


def _connect(page: Page, do: _Handlers, plan: list[Any], start: Any, submit: Any, finish: Any, again: Any) -> None:
    here = [page.lang, page.user, do.shown]
    parts, outputs = do.parts, do.outputs
    page.redraw(do.redraw, [do.shown], outputs)
    page.open(do.open, [page.user], outputs)
    steps = [
        start.click(guarded(do.start), [page.lang, page.user, *plan], outputs, **QUICK),
        submit.click(guarded(do.submit), [*here, do.box], outputs, show_progress_on=[do.box], **GRADING),
        parts.hint_button.click(guarded(do.hint), here, outputs, **QUICK),
        parts.skip_button.click(guarded(do.skip), here, outputs, **QUICK),
        parts.next_button.click(guarded(do.next), here, outputs, **QUICK),
        finish.click(guarded(do.finish), here, outputs, **QUICK),
        again.click(guarded(do.again), [page.lang, do.shown], outputs, **QUICK),
        parts.last.click(guarded(do.last_report), [page.lang, do.shown], outputs, **QUICK),
    ]
    for step in steps:
        step.success(None, js=FOCUS, api_visibility="private")
