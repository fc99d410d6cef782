"""The first grader: relative similarity, words and polarity, key point by key point, without training to speak of.

It stands in for the learned one where that cannot read (another encoder), and beside it in benchmarks.
"""

from collections.abc import Sequence

import numpy as np

from assistant.alignment import Aligner, Background
from assistant.bank import Bank
from assistant.feedback import feedback
from assistant.grade import Evidence, Grade, PointGrade, PointVerdict
from assistant.marking import KEYWORDS_AT_MOST, REVERSED_AT_MOST, more_flags, mostly_reversed, score_of, verdict_of
from assistant.prepared import Prepared, prepare
from assistant.question import KeyPoint, Lang, Question
from assistant.text import detect_lang
from assistant.verdicts import Reading, read, spread
from models.encoder import Encoder

VERSION = "baseline-1"
INTERVAL_DEVIATIONS = 1.28  # a normal 80 %
INTERVAL_FLOOR = 6  # points: human graders differ by about as much


class BaselineGrader:
    """Grades with an encoder and a bank; holds no state that grading changes, so threads may share it."""

    version = VERSION

    def __init__(self, encoder: Encoder, bank: Bank) -> None:
        self.encoder = encoder
        self.bank_hash = bank.hash
        self.aligner = Aligner(encoder, Background.of(bank, encoder))

    def grade(self, question: Question, answer: str) -> Grade:
        """Grade one answer; raise InputError for one too long."""
        return self.grade_many([(question, answer)])[0]

    def grade_many(self, pairs: Sequence[tuple[Question, str]]) -> list[Grade]:
        """Grade many answers, their texts encoded together; raise InputError if one is too long."""
        prepared = [prepare(question, answer) for question, answer in pairs]
        needed = [claim.text for item in prepared for claim in item.kept]
        asked = {(question, lang) for (question, _), item in zip(pairs, prepared, strict=True) for lang in _langs(item)}
        needed += [text for question, lang in asked for text in self.aligner.texts_needed(question, [lang])]
        if len(pairs) > 1:  # one long, length-sorted call; what follows finds its vectors in the cache
            self.encoder.encode(needed)
        return [self._grade(question, item) for (question, _), item in zip(pairs, prepared, strict=True)]

    def _grade(self, question: Question, item: Prepared) -> Grade:
        if item.empty:
            return self._verdict(question, item, [Reading(0.0, 0.0, None)] * len(question.key_points))
        windows = self.aligner.windows(item.answer, item.kept)
        readings = read(self.aligner.measure(question, windows), windows)
        return self._verdict(question, item, readings)

    def _verdict(self, question: Question, item: Prepared, readings: Sequence[Reading]) -> Grade:
        total = sum(point.weight for point in question.key_points)
        points = tuple(
            _point_grade(point, point.weight / total, reading, item)
            for point, reading in zip(question.key_points, readings, strict=True)
        )
        shares = np.array([point.weight for point in points], dtype=np.float32)
        score = keyword_score(readings, shares) if item.keywords else score_of(points)
        if mostly_reversed(points):
            score = min(score, REVERSED_AT_MOST)
        flags = more_flags(item, [reading.addressed for reading in readings], score)
        verdict = verdict_of(points, score, item)
        margin = max(INTERVAL_FLOOR, round(100 * INTERVAL_DEVIATIONS * spread(readings, shares)))
        interval = (max(0, score - margin), min(100, score + margin)) if verdict != "no_answer" else (0, 0)
        return Grade(
            score=score,
            interval=interval,
            verdict=verdict,
            key_points=points,
            flags=flags,
            feedback=feedback(verdict, points, flags, item.lang),
            lang=item.lang,
            grader=VERSION,
            encoder=self.encoder.name,
            bank=self.bank_hash,
        )


def _point_grade(point: KeyPoint, share: float, reading: Reading, item: Prepared) -> PointGrade:
    verdict: PointVerdict = "missing" if item.keywords else reading.verdict
    evidence = None
    if verdict != "missing" and reading.window is not None:
        window = reading.window
        evidence = Evidence(window.start, window.end, item.answer[window.start : window.end])
    confidence = 1 - reading.addressed * reading.reversed if item.keywords else reading.confidence
    return PointGrade(point.id, point.text.in_lang(item.lang), share, verdict, confidence, evidence)


def keyword_score(readings: Sequence[Reading], shares: np.ndarray[tuple[int], np.dtype[np.float32]]) -> int:
    """Return 0 to KEYWORDS_AT_MOST for a list of terms, by how much of the question they touch."""
    touched = sum(float(share) * reading.addressed for share, reading in zip(shares, readings, strict=True))
    return round(KEYWORDS_AT_MOST * touched)


def _langs(item: Prepared) -> set[Lang]:
    return {detect_lang(claim.text) for claim in item.kept}
