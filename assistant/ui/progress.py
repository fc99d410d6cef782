"""The progress tab: the user's own interviews and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import gradio as gr

from assistant.bank import Bank
from assistant.engine import Engine
from assistant.history import Attempt, StoredInterview
from assistant.markup import escape
from assistant.question import Bilingual, Lang
from assistant.report import report_fragment, score_over_time_figure, summarise
from assistant.session import known_user
from assistant.ui import text
from assistant.ui.answering import answered
from assistant.ui.events import QUICK, guarded
from assistant.ui.fragments import empty, titled
from assistant.ui.interview_view import report_files
from assistant.ui.language import InLang, Page
from assistant.ui.text import say

RECENT = 30  # answers shown in full
WEAKEST = 5  # topics
ROLLING = 10


@dataclass(frozen=True)
class _Past:
    """What the history holds of one user."""

    attempts: Sequence[Attempt]
    interviews: Sequence[StoredInterview]
    weakness: dict[str, float]


class ProgressTab:
    """The tab's components, drawn anew each time it is opened."""

    def __init__(self, page: Page, engine: Engine, tab: Any) -> None:
        self.page, self.engine = page, engine
        self.nothing = gr.HTML()
        with gr.Column(visible=False) as self.something:
            self._overview()
            self._past_interviews()
            self.attempts = gr.HTML(elem_id="attempts")
        drawn = [self.nothing, self.something, self.tiles, self.plot, self.weakest, self.interviews, self.attempts]
        detail = [self.report, self.downloads, self.html_file, self.markdown_file]
        who = [page.user, page.zone, self.interviews]
        tab.select(guarded(self.draw), [page.lang, *who], drawn, **QUICK)
        self.interviews.change(guarded(self.read), [page.lang, page.user, self.interviews], detail, **QUICK)
        page.redraw(self.draw, who, drawn)
        page.redraw(self.read, [page.user, self.interviews], detail)

    def _overview(self) -> None:
        self.tiles = gr.HTML()
        with gr.Row(elem_classes="two-columns"):
            with gr.Column(scale=3, min_width=320):
                self.page.make(gr.HTML, value=InLang(lambda lang: titled(text.SCORES_OVER_TIME, lang)))
                self.plot = gr.Plot(show_label=False, elem_id="scores-plot")
            with gr.Column(scale=2, min_width=300):
                self.weakest = gr.HTML(elem_id="weakest")

    def _past_interviews(self) -> None:
        page = self.page
        self.interviews = page.make(gr.Radio, label=text.INTERVIEWS, elem_classes="list", elem_id="interviews")
        with gr.Row(elem_classes="actions", visible=False) as self.downloads:
            self.html_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_HTML)
            self.markdown_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_MARKDOWN)
        self.report = gr.HTML(elem_id="past-report")

    def draw(self, lang: Lang, user: str, zone: str | None, chosen: str | None) -> list[Any]:
        """Return the updates of everything but the interview being read."""
        past, bank = _past(self.engine, user), self.engine.bank
        rows = _interview_choices(past, bank, lang, zone)
        kept = chosen if chosen in [key for _, key in rows] else None
        some = bool(past.attempts or past.interviews)
        return [
            gr.update(visible=not some, value=empty(text.PROGRESS_EMPTY, lang)),
            gr.update(visible=some),
            _tiles(past, lang),
            score_over_time_figure(past.attempts, lang) if past.attempts else gr.skip(),
            _weakest(past, bank, lang),
            gr.update(choices=rows, value=kept, visible=bool(rows)),
            _attempts(past.attempts[:RECENT], bank, lang, zone),
        ]

    def read(self, lang: Lang, user: str, interview_id: str | None) -> list[Any]:
        """Return the updates that show one past interview's report, or none."""
        stored = (item.interview for item in _past(self.engine, user).interviews)
        interview = next((item for item in stored if item.id == interview_id), None)
        if interview is None:
            return ["", gr.update(visible=False), gr.skip(), gr.skip()]
        report = report_fragment(interview, self.engine.bank, lang)
        return [report, gr.update(visible=True), *report_files(interview, self.engine.bank, lang)]


def create_progress_tab(page: Page, engine: Engine) -> None:
    """Make the tab inside the tabs being built."""
    with page.make(gr.Tab, label=text.TAB_PROGRESS, id="progress") as tab:
        ProgressTab(page, engine, tab)


def _past(engine: Engine, user: str) -> _Past:
    if known_user(user) is None:
        return _Past((), (), {})
    history = engine.history
    begun = [item for item in history.interviews(user) if any(exchange.done for exchange in item.interview.exchanges)]
    return _Past(history.attempts(user), begun, history.weakness(user))


def _mean(attempts: Sequence[Attempt]) -> str:
    return f"{sum(attempt.grade.score for attempt in attempts) / len(attempts):.0f}" if attempts else "–"


def _tiles(past: _Past, lang: Lang) -> str:
    tiles = (
        (text.STAT_INTERVIEWS, str(len(past.interviews))),
        (text.STAT_ANSWERS, str(len(past.attempts))),
        (text.STAT_MEAN, _mean(past.attempts)),
        (text.STAT_RECENT, _mean(past.attempts[:ROLLING])),
    )
    shown = "".join(f"<div><b>{value}</b><span>{say(name, lang)}</span></div>" for name, value in tiles)
    return f'<div class="tiles">{shown}</div>'


def _weakest(past: _Past, bank: Bank, lang: Lang) -> str:
    worst = sorted(past.weakness.items(), key=lambda pair: -pair[1])[:WEAKEST]
    rows = "".join(
        f'<li><span>{escape(bank.title(topic).in_lang(lang))}</span><i><u style="width:{score}%"></u></i>'
        f"<b>{score}</b></li>"
        for topic, score in ((topic, round(100 * (1 - weak))) for topic, weak in worst)
    )
    return f'{titled(text.WEAKEST, lang)}<ul class="meters">{rows}</ul>'


def local(at: datetime, zone: str | None) -> str:
    """Return a moment in the browser's time zone, by name; in UTC where there is no such zone."""
    try:
        return f"{at.astimezone(ZoneInfo(zone or 'UTC')):%Y-%m-%d %H:%M}"
    except (OSError, ValueError, KeyError, TypeError):  # unknown, empty or not a zone's name at all
        return f"{at:%Y-%m-%d %H:%M} UTC"


def _interview_choices(past: _Past, bank: Bank, lang: Lang, zone: str | None) -> list[tuple[str, str]]:
    rows = []
    for stored in past.interviews:
        name = text.INTERVIEW_ROW if stored.finished else text.INTERVIEW_UNFINISHED
        summary = summarise(stored.interview, bank)
        rows.append(
            (
                say(name, lang, when=local(stored.at, zone), count=summary.total, score=summary.score),
                stored.interview.id,
            )
        )
    return rows


def _attempts(attempts: Sequence[Attempt], bank: Bank, lang: Lang, zone: str | None) -> str:
    return titled(text.ATTEMPTS, lang) + "".join(_attempt(attempt, bank, lang, zone) for attempt in attempts)


def _attempt(attempt: Attempt, bank: Bank, lang: Lang, zone: str | None) -> str:
    about = f"{escape(say(_source(attempt), lang))} · {local(attempt.at, zone)}"
    return (
        f'<details class="attempt"><summary><b>{attempt.grade.score}</b>'
        f'<span dir="auto">{escape(_asked(attempt, bank, lang))}</span><small>{about}</small></summary>'
        f"{answered(attempt.answer, attempt.grade, lang)}</details>"
    )


def _asked(attempt: Attempt, bank: Bank, lang: Lang) -> str:
    return bank.get(attempt.question).question.in_lang(lang) if attempt.question in bank else attempt.question


def _source(attempt: Attempt) -> Bilingual:
    return text.SOURCES.get(attempt.source, text.SOURCES["practice"])
