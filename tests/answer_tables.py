"""Files of answers for the tests of batch scoring, and a grader that watches what it is asked."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.bank import Bank
from assistant.baseline import BaselineGrader
from assistant.grade import Grade
from assistant.question import Question
from tests.tiny import TinyEncoder

QUESTION = "rag-chunk-size"
Rows = Sequence[dict[str, Any]]


class Watched(BaselineGrader):
    """The real grader over the tiny encoder; remembers the answers, and fails where an answer asks for it."""

    def __init__(self, bank: Bank) -> None:
        super().__init__(TinyEncoder(), bank)
        self.seen: list[str] = []

    def grade_many(self, pairs: Sequence[tuple[Question, str]]) -> list[Grade]:
        self.seen += [answer for _, answer in pairs]
        if any("BOOM" in answer for _, answer in pairs):
            raise RuntimeError("out of memory")
        return super().grade_many(pairs)


def write(path: Path, rows: Rows) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def row(number: int, answer: str, question: str = QUESTION, **more: Any) -> dict[str, Any]:
    return {"submission_id": f"s{number}", "question_id": question, "answer": answer, **more}


def answers(bank: Bank, count: int) -> list[dict[str, Any]]:
    """Rows whose answers all differ: key points of the bank in turn, numbered."""
    points = [(question, point) for question in bank for point in question.key_points]
    chosen = [points[number % len(points)] for number in range(count)]
    return [row(n, f"{point.text.en} ({n})", question.id) for n, (question, point) in enumerate(chosen)]


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.endswith((".tmp", ".partial"))}
