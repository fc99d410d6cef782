"""The columns of a batch: what a row must bring to be graded, and what grading adds to it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.bank import Bank
from assistant.errors import InputError
from assistant.grade import Grade, PointVerdict
from assistant.journal import Result
from assistant.question import Question
from assistant.tables import Table, cell_text
from assistant.text import check_answer

RESULT_COLUMNS = (
    "score",
    "interval_low",
    "interval_high",
    "verdict",
    "covered",
    "missing",
    "contradicted",
    "flags",
    "feedback",
    "status",
    "error",
    "grader",
    "bank",
)
JOIN = " | "  # between key points, and between flags
_READ = ("submission_id", "question_id", "question", "reference_answer", "answer")
_NEEDED = (
    "every row needs submission_id, answer, and question_id (a question of the bank) or question with reference_answer"
)


@dataclass(frozen=True)
class Columns:
    """A table's columns. read: our name -> the table's own; kept: the table's -> its name in the output."""

    read: Mapping[str, str]
    kept: Mapping[str, str]

    @property
    def output(self) -> tuple[str, ...]:
        """All columns of the output, in order."""
        return (*self.kept.values(), *RESULT_COLUMNS)

    def texts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return what a row says in the columns that are read; raise InputError for a value that is no text."""
        return {name: _text(values.get(column), column) for name, column in self.read.items()}

    def question(self, values: Mapping[str, Any]) -> str:
        """Return what a row asks: the question's id, or its text where it has none."""
        texts = (cell_text(values.get(self.read.get(name, ""))).strip() for name in ("question_id", "question"))
        return next(filter(None, texts), "")

    def key(self, values: Mapping[str, Any]) -> str:
        """Return a digest of the row's id, question and answer: the same row in another run has the same."""
        texts = [cell_text(values.get(self.read.get(name, ""))) for name in _READ]
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:24]


def find_columns(table: Table) -> Columns:
    """Match a table's columns with ours, capitals and spaces aside; raise InputError that names the missing ones."""
    plain = {column.strip().lower().replace(" ", "_").replace("-", "_"): column for column in reversed(table.columns)}
    read = {name: plain[name] for name in _READ if name in plain}
    missing = [name for name in ("submission_id", "answer") if name not in read]
    if "question_id" not in read and not {"question", "reference_answer"} <= read.keys():
        half = next((name for name in ("question", "reference_answer") if name in read), None)
        other = {"question": "reference_answer", "reference_answer": "question"}
        missing.append(other[half] if half else "question_id")
    if missing:
        has = ", ".join(column[:40] for column in table.columns[:20])
        word = "column" if len(missing) == 1 else "columns"
        raise InputError(f"'{table.name}' lacks the {word} {' and '.join(missing)} (it has {has}): {_NEEDED}.")
    return Columns(read, _kept(table.columns))


def _kept(columns: Iterable[str]) -> dict[str, str]:
    """Name the input columns in the output; one that has the name of a result column becomes input_..."""
    taken = {*RESULT_COLUMNS, *columns} - {""}
    kept = {}
    for column in columns:
        name = column
        while name in RESULT_COLUMNS or (name != column and name in taken):
            name = f"input_{name}"
        kept[column] = name
    return kept


def _text(value: Any, column: str) -> str:
    if isinstance(value, list | dict):
        raise InputError(f"'{column}' holds a JSON {type(value).__name__}; write it as text.")
    return cell_text(value)


def question_and_answer(
    texts: Mapping[str, str], bank: Bank, ad_hoc: Callable[[str, str], Question]
) -> tuple[Question, str]:
    """Return what a row asks to be graded; raise InputError for one that cannot be.

    ad_hoc: makes a question of a prompt and a reference answer, where the row names none of the bank.
    """
    answer = texts.get("answer", "")
    check_answer(answer)
    question_id = texts.get("question_id", "").strip()
    if question_id:
        return bank.get(question_id), answer
    prompt, reference = texts.get("question", "").strip(), texts.get("reference_answer", "").strip()
    if not prompt:
        raise InputError("The row names no question; fill in question_id, or question and reference_answer.")
    if not reference:
        raise InputError("The row has a question of its own but no reference_answer to grade by; fill it in.")
    return ad_hoc(prompt, reference), answer


def graded(grade: Grade) -> Result:
    """Return the result columns of a graded row; a partly covered point stands under missing."""

    def joined(*verdicts: PointVerdict) -> str:
        return JOIN.join(point.text for point in grade.points(*verdicts))

    low, high = grade.interval
    return {
        "score": grade.score,
        "interval_low": low,
        "interval_high": high,
        "verdict": grade.verdict,
        "covered": joined("covered"),
        "missing": joined("missing", "partial"),
        "contradicted": joined("contradicted"),
        "flags": JOIN.join(grade.flags),
        "feedback": grade.feedback,
        "status": "ok",
        "error": None,
        "grader": grade.grader,
        "bank": grade.bank,
    }


def failed(why: str, grader: str, bank: str) -> Result:
    """Return the result columns of a row that could not be graded."""
    return {**dict.fromkeys(RESULT_COLUMNS), "status": "error", "error": why, "grader": grader, "bank": bank}
