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
from assistant.ui.events import QUICK, guarded
from assistant.ui.fragments import empty, titled, with_formulas
from assistant.ui.interview_view import answered, report_files
from assistant.ui.language import Page
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


def create_progress_tab(page: Page, engine: Engine) -> None:
    """Make the tab inside the tabs being built; it is drawn anew each time it is opened."""
    with page.make(gr.Tab, label=text.TAB_PROGRESS, id="progress") as tab:
        nothing = gr.HTML()
        with gr.Column(visible=False) as something:
            tiles = gr.HTML()
            with gr.Row(elem_classes="two-columns"):
                with gr.Column(scale=3, min_width=320):
                    plot = page.make(gr.Plot, label=text.SCORES_OVER_TIME, elem_id="scores-plot")
                with gr.Column(scale=2, min_width=300):
                    weakest = gr.HTML(elem_id="weakest")
            interviews = page.make(gr.Dropdown, label=text.INTERVIEWS, elem_id="interviews")
            report = gr.HTML(elem_id="past-report")
            with gr.Row(elem_classes="actions", visible=False) as downloads:
                html_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_HTML)
                markdown_file = page.make(gr.DownloadButton, label=text.DOWNLOAD_MARKDOWN)
            attempts = gr.HTML(elem_id="attempts")

    def draw(lang: Lang, user: str, zone: str) -> list[Any]:
        past = _past(engine, user)
        some = bool(past.attempts or past.interviews)
        return [
            gr.update(visible=not some, value=empty(text.PROGRESS_EMPTY, lang)),
            gr.update(visible=some),
            _tiles(past, lang),
            score_over_time_figure(past.attempts, lang) if past.attempts else gr.skip(),
            _weakest(past, engine.bank, lang),
            gr.update(choices=_interview_choices(past, engine.bank, lang, zone), value=None),
            _attempts(past.attempts[:RECENT], engine.bank, lang, zone),
        ]

    def read(lang: Lang, user: str, interview_id: str | None) -> list[Any]:
        stored = (item.interview for item in _past(engine, user).interviews)
        interview = next((item for item in stored if item.id == interview_id), None)
        if interview is None:
            return ["", gr.update(visible=False), gr.skip(), gr.skip()]
        source = with_formulas(report_fragment(interview, engine.bank, lang))
        return [source, gr.update(visible=True), *report_files(interview, engine.bank, lang)]

    drawn = [nothing, something, tiles, plot, weakest, interviews, attempts]
    who = [page.user, page.zone]
    tab.select(guarded(draw), [page.lang, *who], drawn, **QUICK)
    page.redraw(draw, who, drawn)
    interviews.change(
        guarded(read), [page.lang, page.user, interviews], [report, downloads, html_file, markdown_file], **QUICK
    )


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
        f'<li><span>{escape(bank.title(topic).in_lang(lang))}</span><i style="background-size:{score}% 100%"></i>'
        f"<b>{score}</b></li>"
        for topic, score in ((topic, round(100 * (1 - weak))) for topic, weak in worst)
    )
    return f'{titled(text.WEAKEST, lang)}<ul class="meters">{rows}</ul>'


def local(at: datetime, zone: str) -> str:
    """Return a moment in the browser's time zone, by name; in UTC where there is no such zone."""
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    except (OSError, ValueError):  # unknown, empty or not a zone's name at all
        return f"{at:%Y-%m-%d %H:%M} UTC"


def _interview_choices(past: _Past, bank: Bank, lang: Lang, zone: str) -> list[tuple[str, str]]:
    rows = []
    for stored in past.interviews:
        name = text.INTERVIEW_ROW if stored.finished else text.INTERVIEW_UNFINISHED
        summary = summarise(stored.interview, bank)
        rows.append((say(name, lang, when=local(stored.at, zone), count=summary.total, score=summary.score), stored.interview.id))
    return rows


def _attempts(attempts: Sequence[Attempt], bank: Bank, lang: Lang, zone: str) -> str:
    rows = "".join(
        f'<details class="attempt"><summary><b>{attempt.grade.score}</b><span dir="auto">{escape(_asked(attempt, bank, lang))}</span>'
        f"<small>{escape(say(_source(attempt), lang))} · {local(attempt.at, zone)}</small></summary>"
        f"{answered(attempt.answer, attempt.grade, lang)}</details>"
        for attempt in attempts
    )
    return f"{titled(text.ATTEMPTS, lang)}{rows}"


def _asked(attempt: Attempt, bank: Bank, lang: Lang) -> str:
    return bank.get(attempt.question).question.in_lang(lang) if attempt.question in bank else attempt.question


def _source(attempt: Attempt) -> Bilingual:
    return text.SOURCES.get(attempt.source, text.SOURCES["practice"])
