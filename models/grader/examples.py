"""What the reader learns from and is measured on: questions with key points, answers, verdicts by readers."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from models.grader.readings import VERDICTS

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data"
BANK = ROOT.parent.parent / "question_bank" / "questions"
Lang = Literal["zh", "en"]
LETTERS = {"c": 0, "p": 1, "m": 2, "x": 3}  # of VERDICTS, as readers wrote them
COVERED, PARTIAL, MISSING, CONTRADICTED = (1 << number for number in range(len(VERDICTS)))  # sets of verdicts, as bits
ANY = COVERED | PARTIAL | MISSING | CONTRADICTED


@dataclass(frozen=True)
class Example:
    """An answer to be read. verdicts: for every key point, the set of those that are right (bits; ANY: unknown).

    weights: of the key points, sum 1; grade: 0..100, or None; source: which data it is from; group: its question.
    """

    question: str
    points: tuple[str, ...]
    answer: str
    verdicts: tuple[int, ...]
    weights: tuple[float, ...]
    grade: float | None
    source: str
    group: str
    lang: Lang
    kind: str = ""


@dataclass(frozen=True)
class Written:
    """One of our own graded answers, see data/README.md: both blind readings and what they were settled to."""

    id: str
    question: str
    split: str
    lang: Lang
    kind: str
    answer: str
    points: str
    grade: float
    readings: tuple[tuple[str, float], ...]


def questions(folders: Iterable[Path] = (BANK, DATA / "questions", DATA / "next")) -> dict[str, dict[str, Any]]:
    """Return the entries of the question files by id."""
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["questions"]:
                found[entry["id"]] = entry
    return found


def written(path: Path = DATA / "answers.jsonl") -> list[Written]:
    """Return our own answers in the order of the file."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Written(
            row["id"],
            row["question"],
            row["split"],
            row["lang"],
            row["kind"],
            row["answer"],
            row["verdicts"],
            row["grade"],
            tuple((reading["verdicts"], reading["grade"]) for reading in row["readings"]),
        )
        for row in rows
    ]


def example_of(item: Written, question: dict[str, Any], lang: Lang) -> Example:
    """Return an answer as it meets its question in `lang`."""
    points = question["key_points"]
    total = sum(point["weight"] for point in points)
    return Example(
        question["question"][lang],
        tuple(point[lang] for point in points),
        item.answer,
        tuple(1 << LETTERS[letter] for letter in item.points),
        tuple(point["weight"] / total for point in points),
        item.grade,
        "own",
        item.question,
        item.lang,
        item.kind,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _lang(text: str) -> Lang:
    chinese = sum("\u3400" <= char <= "\u9fff" for char in text)
    return "zh" if chinese * 3 > len(text) else "en"


def _whole(row: dict[str, str], reference: str, verdict: int, grade: float | None, source: str) -> Example:
    """An example whose only key point is its whole reference."""
    question, answer = row["question"], row["student_answer"]
    group = row.get("question_id") or row["q_id"]
    return Example(question, (reference,), answer, (verdict,), (1.0,), grade, source, group, _lang(answer))


def semeval(path: Path, source: str, split: str) -> list[Example]:
    """SemEval-2013 task 7, 3-way: "incorrect" is anything but covered and contradicted; one example a good reference.

    The references of one answer follow one another; those that are called MINIMAL or KEYWORD are left out where there
    are better ones.
    """
    verdicts = {"correct": COVERED, "contradictory": CONTRADICTED, "incorrect": PARTIAL | MISSING}
    return [
        _whole(row, reference, verdicts[row["label_3way"]], None, source)
        for row in rows_of(path)
        if row["split"] == split
        for reference in good_references(row)
    ]


def good_references(row: dict[str, str]) -> list[str]:
    """Return the references of a SemEval row that a full answer is held against."""
    references, categories = json.loads(row["refs"]), json.loads(row["ref_categories"])
    best = [text for text, kind in zip(references, categories, strict=True) if kind in (None, "BEST")]
    return best or references


def saf(path: Path, split: str) -> list[Example]:
    """Short Answer Feedback: score 0..1; half right is partial."""
    verdicts = {"Correct": COVERED, "Partially correct": PARTIAL, "Incorrect": MISSING | CONTRADICTED}
    return [
        _whole(row, row["reference_answer"], verdicts[row["verification"]], 100 * float(row["score_norm"]), "saf")
        for row in rows_of(path)
        if row["split"] == split
    ]


def logistics(path: Path, split: str) -> list[Example]:
    """The Chinese logistics exam: score 0..1."""

    def verdict(score: float) -> int:
        return COVERED if score > 0.85 else PARTIAL if score > 0 else MISSING | CONTRADICTED  # noqa: PLR2004

    return [
        _whole(row, row["reference"], verdict(float(row["score"])), 100 * float(row["score"]), "zh_le")
        for row in rows_of(path)
        if row["split"] == split
    ]


def by_group(examples: Sequence[Example]) -> Iterator[tuple[str, list[Example]]]:
    """Yield the examples of each question."""
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(example.group, []).append(example)
    yield from groups.items()
