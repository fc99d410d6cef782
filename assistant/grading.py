"""Question and answer to Grade: the trained reader judges every key point; from its probabilities come the score, an
interval that keeps its promise, and the evidence.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.alignment import point_text
from assistant.bank import Bank
from assistant.baseline import BaselineGrader
from assistant.feedback import feedback
from assistant.grade import Evidence, Grade, Grader, PointGrade, PointVerdict
from assistant.marking import KEYWORDS_AT_MOST, REVERSED_AT_MOST, more_flags, mostly_reversed, verdict_of
from assistant.passages import Passage, evidence, passages
from assistant.prepared import Prepared, prepare
from assistant.question import KeyPoint, Lang, Question
from models.e5 import NAME as TRAINED_ON
from models.encoder import SentenceEncoder, Vectors
from models.grader.calibration import Calibration
from models.grader.readings import VERDICTS, Item, PointReading

if TYPE_CHECKING:
    from models.grader.reader import AnswerReader

log = logging.getLogger(__name__)
MISSING = VERDICTS.index("missing")
NOTHING: Vectors = np.array([0, 0, 1, 0], dtype=np.float32)  # what is said about a point by an answer that says nothing


@dataclass(frozen=True)
class Judged:
    """One key point: calibrated probabilities of the VERDICTS, and where in the answer it is spoken to."""

    probabilities: Vectors
    span: tuple[int, int] | None

    @property
    def verdict(self) -> PointVerdict:
        """The most probable verdict."""
        return VERDICTS[int(self.probabilities.argmax())]


class LearnedGrader:
    """Grades with the trained reader; holds no state that grading changes, so threads may share it."""

    def __init__(self, encoder: SentenceEncoder, bank: Bank, reader: "AnswerReader") -> None:
        self.encoder, self.reader = encoder, reader
        self.bank_hash = bank.hash
        self.version = str(reader.settings["version"])
        self.calibration = Calibration.from_dict(reader.settings["calibration"])

    def grade(self, question: Question, answer: str) -> Grade:
        """Grade one answer; raise InputError for one too long."""
        return self.grade_many([(question, answer)])[0]

    def grade_many(self, pairs: Sequence[tuple[Question, str]]) -> list[Grade]:
        """Grade many answers, their texts read together; raise InputError if one is too long."""
        prepared = [prepare(question, answer) for question, answer in pairs]
        cut = [passages(item.kept, item.answer) if not item.empty else [] for item in prepared]
        items = [
            Item(question.question.in_lang(item.lang), _point_texts(question, item.lang), part.text)
            for (question, _), item, parts in zip(pairs, prepared, cut, strict=True)
            for part in parts
        ]
        readings = iter(self.reader.read(items))
        return [
            self._grade(question, item, parts, [next(readings) for _ in parts])
            for (question, _), item, parts in zip(pairs, prepared, cut, strict=True)
        ]

    def _grade(
        self, question: Question, item: Prepared, parts: Sequence[Passage], readings: Sequence[Sequence[PointReading]]
    ) -> Grade:
        judged = [self._judged(item, parts, [r[n] for r in readings]) for n in range(len(question.key_points))]
        total = sum(point.weight for point in question.key_points)
        shares = [point.weight / total for point in question.key_points]
        points = tuple(
            _point_grade(point, share, found, item)
            for point, share, found in zip(question.key_points, shares, judged, strict=True)
        )
        probabilities = np.stack([found.probabilities for found in judged])
        addressed = (1 - probabilities[:, MISSING]).tolist()
        score = round(self.calibration.score(probabilities, shares))
        if item.empty:
            score = 0
        if item.keywords:
            score = min(score, round(KEYWORDS_AT_MOST * float(np.dot(shares, addressed))))
        elif mostly_reversed(points):
            score = min(score, REVERSED_AT_MOST)
        flags = more_flags(item, addressed, score)
        verdict = verdict_of(points, score, item)
        margin = round(self.calibration.margin(probabilities, shares))
        return Grade(
            score=score,
            interval=(0, 0) if item.empty else (max(0, score - margin), min(100, score + margin)),
            verdict=verdict,
            key_points=points,
            flags=flags,
            feedback=feedback(verdict, points, flags, item.lang),
            lang=item.lang,
            grader=self.version,
            encoder=self.encoder.name,
            bank=self.bank_hash,
        )

    def _judged(self, item: Prepared, parts: Sequence[Passage], readings: Sequence[PointReading]) -> Judged:
        """Take the passage that speaks to a key point most."""
        if not parts:
            return Judged(NOTHING, None)
        best = min(range(len(parts)), key=lambda number: float(readings[number].probabilities[MISSING]))
        probabilities = self.calibration.probabilities(readings[best].probabilities, item.lang)
        return Judged(probabilities, evidence(parts[best], readings[best].gaze))


def _point_texts(question: Question, lang: Lang) -> tuple[str, ...]:
    return tuple(point_text(question, point, lang)[0] for point in question.key_points)


def _point_grade(point: KeyPoint, share: float, found: Judged, item: Prepared) -> PointGrade:
    verdict: PointVerdict = "missing" if item.keywords else found.verdict
    shown = None
    if verdict != "missing" and found.span is not None:
        start, end = found.span
        shown = Evidence(start, end, item.answer[start:end])
    confidence = float(found.probabilities[VERDICTS.index(verdict)])
    return PointGrade(point.id, point.text.in_lang(item.lang), share, verdict, confidence, shown)


def new_grader(encoder: SentenceEncoder, bank: Bank) -> Grader:
    """Return the learned grader; where it cannot read, the first one, whose name every result then carries."""
    if encoder.name != TRAINED_ON:
        log.warning("Answers are graded by the first grader: the learned one reads %s only.", TRAINED_ON)
        return BaselineGrader(encoder, bank)
    from models.grader.reader import AnswerReader

    try:
        return LearnedGrader(encoder, bank, AnswerReader.load(encoder.model))
    except OSError as problem:
        log.warning("Answers are graded by the first grader: the learned one's weights are missing (%s).", problem)
        return BaselineGrader(encoder, bank)
