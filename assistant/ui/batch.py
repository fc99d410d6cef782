"""The batch tab: upload a file of answers, see progress, read the first rows, download the result."""

import csv
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.bank import Bank
from assistant.batch import BatchSummary, score_file
from assistant.engine import Engine
from assistant.errors import InputError
from assistant.markup import escape
from assistant.question import Lang
from assistant.tables import read_table
from assistant.ui import text
from assistant.ui.events import BATCH, PROGRESS, await_models, guarded
from assistant.ui.exports import new_file
from assistant.ui.fragments import empty
from assistant.ui.language import InLang, Page
from assistant.ui.text import say

PREVIEWED = 20  # rows
CELL = 160  # characters of a cell
_RESULT_TYPE = {".json": ".jsonl"}  # an array is written as lines


def create_batch_tab(page: Page, engine: Engine) -> None:
    """Make the tab inside the tabs being built; its run is also the endpoint /batch."""
    with page.make(gr.Tab, label=text.TAB_BATCH, id="batch"):
        page.make(gr.Markdown, value=text.BATCH_INTRO, elem_classes="intro")
        page.make(gr.Markdown, value=text.BATCH_COLUMNS, elem_classes="note")
        source = page.make(gr.File, label=text.BATCH_FILE, height=150, elem_id="batch-file")
        with gr.Row(elem_classes="actions"):
            run = page.make(gr.Button, value=text.BATCH_RUN, variant="primary", elem_id="batch-run")
            page.make(
                gr.DownloadButton, label=text.BATCH_EXAMPLE, value=str(_example(engine.bank)), elem_id="batch-example"
            )
        preview = page.make(gr.HTML, value=InLang(lambda lang: empty(text.BATCH_EMPTY, lang)), elem_id="batch-result")
        with gr.Row(elem_classes="actions"):
            download = page.make(
                gr.DownloadButton, label=text.BATCH_DOWNLOAD, variant="primary", visible=False, elem_id="batch-download"
            )

    def grade_file(lang: Lang, path: str | None, progress: Any = PROGRESS) -> list[Any]:
        if not path:
            raise InputError(say(text.BATCH_NO_FILE, lang))
        await_models(engine, lang, progress)
        progress(None, desc=say(text.BATCH_READING, lang))

        def show(done: int, total: int) -> None:
            progress((done, total), desc=say(text.BATCH_PROGRESS, lang, done=done, total=total))

        summary, out = scored(engine, Path(path), lang, show)
        return [_preview(summary, out, lang), gr.update(value=str(out), visible=True)]

    run.click(guarded(grade_file), [page.lang, source], [preview, download], show_progress_on=[preview], **BATCH)


def scored(engine: Engine, source: Path, lang: Lang, progress: Callable[[int, int], None]) -> tuple[BatchSummary, Path]:
    """Score an uploaded file into a new one of the same kind; raise InputError for a file that cannot be read."""
    extension = source.suffix.lower()
    out = new_file(f"{source.stem[:80]}-scored{_RESULT_TYPE.get(extension, extension)}")
    return score_file(source, out, engine.models.grader, engine.bank, progress=progress, lang=lang), out


def _example(bank: Bank) -> Path:
    path = new_file("example.csv")
    first, second = bank.questions[0], bank.questions[-1]
    rows = [
        ("a1", first.id, "", "", first.reference.zh),
        ("a2", second.id, "", "", second.key_points[0].text.en),
        ("a3", "", "What is overfitting?", "A model that fits noise and does badly on new data.", "Memorising noise."),
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["submission_id", "question_id", "question", "reference_answer", "answer"])
        writer.writerows(rows)
    return path


def _preview(summary: BatchSummary, out: Path, lang: Lang) -> str:
    rows = [row.values for row in islice(read_table(out), PREVIEWED)]
    heads = (text.COLUMN_ID, text.COLUMN_QUESTION, text.COLUMN_ANSWER, text.COLUMN_SCORE, text.COLUMN_RESULT)
    header = "".join(f"<th>{escape(say(head, lang))}</th>" for head in heads)
    body = "".join(_table_row(row) for row in rows)
    line = say(text.BATCH_DONE, lang, rows=summary.rows, errors=summary.errors)
    more = f" {say(text.BATCH_FIRST_ROWS, lang, rows=len(rows))}" if summary.rows > len(rows) else ""
    table = f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"
    return f'<p>{line}{more}</p><div class="table">{table}</div>'


def _table_row(row: Any) -> str:
    cells = "".join(f'<td dir="auto">{escape(cell)}</td>' for cell in _cells(row))
    return f"<tr>{cells}</tr>"


def _cells(row: Any) -> list[str]:
    plain = {str(name).strip().lower(): value for name, value in row.items()}
    values = [
        plain.get("submission_id"),
        plain.get("question_id") or plain.get("question"),
        plain.get("answer"),
        plain.get("score"),
        plain.get("error") or plain.get("feedback") or plain.get("verdict"),
    ]
    shown = ["" if value is None else str(value) for value in values]
    return [cell if len(cell) <= CELL else f"{cell[:CELL]}…" for cell in shown]
