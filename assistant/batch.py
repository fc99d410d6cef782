"""Score a file of answers row by row: one bad row stops nothing, and a killed run goes on where it was."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from assistant.ad_hoc import ad_hoc_question
from assistant.bank import Bank
from assistant.batch_report import BatchTotals, batch_report_html
from assistant.batch_rows import RESULT_COLUMNS, Columns, failed, find_columns, graded, question_and_answer
from assistant.errors import AssistantError, InputError
from assistant.grade import Grade, Grader
from assistant.journal import Journal, Result
from assistant.question import Lang, Question
from assistant.table_writer import WRITABLE, table_writer
from assistant.tables import Row, Table, format_of, read_table

CHUNK = 64  # rows graded together: their texts fill whole batches of one length
Progress = Callable[[int, int], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchSummary:
    """What a run did. mean_score: over the rows graded, None with none; kept: taken over from an earlier run."""

    rows: int
    ok: int
    errors: int
    kept: int
    mean_score: float | None
    renamed: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "rows": self.rows,
            "ok": self.ok,
            "errors": self.errors,
            "kept": self.kept,
            "mean_score": None if self.mean_score is None else round(self.mean_score, 2),
            "renamed": dict(self.renamed),
        }


@dataclass(frozen=True)
class _Task:
    key: str
    question: Question
    answer: str


@dataclass(frozen=True)
class _Scorer:
    """What turns rows into results."""

    grader: Grader
    bank: Bank
    columns: Columns
    ad_hoc: Callable[[str, str], Question]

    def failed(self, why: str) -> Result:
        return failed(why, self.grader.version, self.bank.hash)

    def score(self, rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, Result]]:
        """Yield a result for every (key, row), those that cannot be graded first."""
        tasks: list[_Task] = []
        for key, row in rows:
            try:
                question, answer = question_and_answer(self.columns.texts(row.values), self.bank, self.ad_hoc)
                tasks.append(_Task(key, question, answer))
            except AssistantError as problem:
                yield key, self.failed(str(problem))
        for task, outcome in zip(tasks, self._grade(tasks), strict=True):
            yield task.key, graded(outcome) if isinstance(outcome, Grade) else self.failed(outcome)

    def _grade(self, tasks: Sequence[_Task]) -> Sequence[Grade | str]:
        try:
            return self.grader.grade_many([(task.question, task.answer) for task in tasks])
        except Exception as problem:  # one answer must not spoil the others: find out which
            log.info("Grading %d rows together failed (%s); grading them one by one.", len(tasks), problem)
            return [self._grade_one(task) for task in tasks]

    def _grade_one(self, task: _Task) -> Grade | str:
        try:
            return self.grader.grade(task.question, task.answer)
        except AssistantError as problem:
            return str(problem)
        except Exception as problem:
            return f"Grading failed ({type(problem).__name__}: {str(problem)[:200]}); please report it with this row."


def score_file(
    source: Path,
    out: Path,
    grader: Grader,
    bank: Bank,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    report: Path | None = None,
    lang: Lang = "en",
) -> BatchSummary:
    """Score a table of answers into `out`, whose extension gives the format (.csv .tsv .jsonl).

    resume: take over the rows that an earlier run, killed or not, has graded into `out`. progress: called with (rows
    done, rows in all). report: where to write an HTML summary, in `lang`. `out` appears whole or not at all; until then
    results stand in `out`.partial. Raises InputError for files that cannot be read or written; a row that cannot be
    graded gets status "error" and why.
    """
    table, columns = check_input(source, out, report)
    with _journal(out, resume) as journal:
        if resume:
            _take_over(out, columns, journal)
        scorer = _Scorer(grader, bank, columns, _cached_ad_hoc())
        kept = _score_missing(table, scorer, journal, progress or (lambda done, total: None))
        totals = BatchTotals()
        _write(table, out, scorer, journal, totals)
        if report is not None:
            with _replacing(report) as file:
                file.write(batch_report_html(totals, source.name, bank, lang))
        journal.remove()
    renamed = tuple((name, new) for name, new in columns.kept.items() if name != new)
    return BatchSummary(totals.rows, totals.ok, totals.errors, kept, totals.mean, renamed)


def check_input(source: Path, out: Path, report: Path | None = None) -> tuple[Table, Columns]:
    """Open the input and check the places of the output, as `score_file` does first; raise InputError likewise."""
    table = read_table(source)
    columns = find_columns(table)
    _check_places(source, out, report)
    return table, columns


def _cached_ad_hoc() -> Callable[[str, str], Question]:
    return lru_cache(maxsize=1000)(ad_hoc_question)


def _check_places(source: Path, out: Path, report: Path | None) -> None:
    format_of(out.name, WRITABLE)
    for path in (out, report):
        if path is None:
            continue
        if not path.parent.is_dir():
            raise InputError(f"The folder '{path.parent}' does not exist; make it, or write somewhere else.")
        if path.is_dir():
            raise InputError(f"'{path}' is a folder; name a file in it.")
        if path.exists() and path.samefile(source):
            raise InputError(f"'{path}' is the input itself; write the result to another file.")
    if report is not None and report.resolve() == out.resolve():
        raise InputError(f"'{report}' cannot be both the result and the report; name two files.")


@contextmanager
def _journal(out: Path, resume: bool) -> Iterator[Journal]:
    path = out.with_name(out.name + ".partial")
    try:
        journal = Journal(path, resume)
    except OSError as problem:
        raise InputError(f"'{path}' cannot be written ({problem.strerror}); write the result somewhere else.") from None
    with journal:
        yield journal


def _take_over(out: Path, columns: Columns, journal: Journal) -> None:
    """Put the rows that `out` has graded into the journal, beside those that it holds from a killed run."""
    if not out.exists():
        return
    old = read_table(out)
    if not {"status", *columns.read.values()} <= set(old.columns):
        raise InputError(f"'{out}' holds no results of this input to go on from; leave --resume out.")
    for row in old:
        key = columns.key(row.values)
        if not row.problem and row.values.get("status") == "ok" and key not in journal:
            journal.add(key, {column: row.values.get(column) for column in RESULT_COLUMNS})
    journal.sync()


def _score_missing(table: Table, scorer: _Scorer, journal: Journal, progress: Progress) -> int:
    """Grade the rows that have no result yet; return how many had one."""
    before = journal.keys()
    done = kept = 0
    for rows in _chunks(table):
        keyed = [(scorer.columns.key(row.values), row) for row in rows if not row.problem]
        fresh = {key: row for key, row in keyed if key not in journal}
        for key, result in scorer.score(fresh.items()):
            journal.add(key, result)
        journal.sync()
        kept += sum(key in before for key, _ in keyed)
        done += len(rows)
        progress(done, table.total)
    return kept


def _chunks(table: Table) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in table:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _write(table: Table, out: Path, scorer: _Scorer, journal: Journal, totals: BatchTotals) -> None:
    columns = scorer.columns
    with _replacing(out) as file:
        write = table_writer(file, format_of(out.name, WRITABLE), columns.output, RESULT_COLUMNS, table.marked)
        for row in table:
            result = scorer.failed(row.problem) if row.problem else journal.get(columns.key(row.values))
            if result is None:
                result = scorer.failed("The file was changed while it was graded; run it again with --resume.")
            totals.add(columns.question(row.values), result)
            write({**{columns.kept[column]: value for column, value in row.values.items()}, **result})


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of `path`, in one step, when all of it is written."""
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as problem:
        raise InputError(f"'{path}' cannot be written ({problem.strerror}); write the result somewhere else.") from None
    finally:
        draft.unlink(missing_ok=True)
