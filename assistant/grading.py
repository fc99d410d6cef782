"""Question and answer to Grade, first version: relative similarity, words and polarity, key point by key point.

The learned grader will stand behind the same interface (assistant/grade.py, Grader).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.alignment import Aligner, Background
from assistant.bank import Bank
from assistant.errors import InputError
from assistant.feedback import feedback
from assistant.flags import (
    COPY_SHARE,
    ECHO_SHARE,
    REPEATED_SHARE,
    copied_share,
    echo_share,
    is_instruction,
    is_keyword_list,
    is_no_answer,
    repeated_share,
)
from assistant.grade import Evidence, Flag, Grade, PointGrade, PointVerdict, Verdict
from assistant.question import Bilingual, KeyPoint, Lang, Question
from assistant.text import MAX_ANSWER, Claim, check_answer, claims, clean, detect_lang, sentences, term_set, terms
from assistant.verdicts import Reading, read, spread
from models.encoder import Encoder

VERSION = "baseline-1"
CREDIT: dict[PointVerdict, float] = {"covered": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": -0.5}
KEYWORDS_AT_MOST = 15  # points for naming the right terms and saying nothing about them
CONTRADICTORY_SHARE = 0.3  # of the question's weight
REVERSED_AT_MOST = 25  # points for an answer that says the reverse of half of what it speaks to
CORRECT_FROM = 80
TOO_SHORT = 4  # content terms
OFF_TOPIC_BELOW = 0.12  # no key point is addressed with a higher probability
ECHOED_SHARE = 0.6  # of the answer's characters
INTERVAL_DEVIATIONS = 1.28  # a normal 80 %
INTERVAL_FLOOR = 6  # points: human graders differ by about as much
DERIVED_POINTS = 6
MAX_CLAIMS = 250  # of one answer: about fifteen minutes of talk


def ad_hoc_question(prompt: str, reference: str) -> Question:
    """Make a question from a prompt and a reference answer; its key points are the claims of the reference.

    Raises InputError for an empty or over-long prompt or reference.
    """
    for name, text in (("question", prompt), ("reference answer", reference)):
        if not any(char.isalnum() for char in text):
            raise InputError(f"The {name} is empty; give its text.")
        if len(text) > MAX_ANSWER:
            raise InputError(f"The {name} has {len(text):,} characters; at most {MAX_ANSWER:,} are taken.")
    prompt, reference = clean(prompt).strip(), clean(reference).strip()
    points = tuple(
        KeyPoint(f"point-{number}", max(1, min(5, round(len(terms(text)) / 4))), _in_own_language(text))
        for number, text in enumerate(_derived_points(reference), start=1)
    )
    return Question(
        id="",
        topic="",
        kind="concept",
        difficulty=3,
        roles=(),
        question=_in_own_language(prompt),
        reference=_in_own_language(reference),
        key_points=points,
    )


def _in_own_language(text: str) -> Bilingual:
    return Bilingual(text, "") if detect_lang(text) == "zh" else Bilingual("", text)


def _derived_points(reference: str) -> list[str]:
    """Return 1 to DERIVED_POINTS claims of a reference, neighbours joined where it has more."""
    found = sentences(reference)
    if len(found) == 1:
        found = claims(reference)
    groups = np.array_split(np.arange(len(found)), min(DERIVED_POINTS, len(found)))
    return [reference[found[group[0]].start : found[group[-1]].end] for group in groups]


@dataclass(frozen=True)
class _Prepared:
    """An answer before it is read: what counts of it, and what is odd about it."""

    answer: str
    lang: Lang
    kept: tuple[Claim, ...]
    flags: tuple[Flag, ...]
    empty: bool
    keywords: bool


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

    def _grade(self, question: Question, item: _Prepared) -> Grade:
        if item.empty:
            return self._verdict(question, item, [Reading(0.0, 0.0, None)] * len(question.key_points))
        windows = self.aligner.windows(item.answer, item.kept)
        readings = read(self.aligner.measure(question, windows), windows)
        return self._verdict(question, item, readings)

    def _verdict(self, question: Question, item: _Prepared, readings: Sequence[Reading]) -> Grade:
        total = sum(point.weight for point in question.key_points)
        points = tuple(
            _point_grade(point, point.weight / total, reading, item)
            for point, reading in zip(question.key_points, readings, strict=True)
        )
        shares = np.array([point.weight for point in points], dtype=np.float32)
        score = keyword_score(readings, shares) if item.keywords else score_of(points)
        if mostly_reversed(points):
            score = min(score, REVERSED_AT_MOST)
        flags = _more_flags(item, question, readings, score)
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


def _langs(item: _Prepared) -> set[Lang]:
    return {detect_lang(claim.text) for claim in item.kept}


def prepare(question: Question, answer: str) -> _Prepared:
    """Clean an answer, leave out what does not count, and flag what is odd; raise InputError for one too long."""
    text = check_answer(answer)
    found = claims(text)[:MAX_CLAIMS]
    flags: list[Flag] = []
    spoken = [claim for claim in found if not is_instruction(claim.text)]
    if len(spoken) < len(found):
        flags.append("instruction_in_answer")
    if repeated_share(spoken) >= REPEATED_SHARE:
        flags.append("repetition")
    said = [claim for claim in spoken if not _echoes(claim.text, question)]
    length = sum(len(claim.text) for claim in spoken)
    if spoken and length - sum(len(claim.text) for claim in said) > ECHOED_SHARE * length:
        flags.append("question_echo")
    if _copied(text, question):
        flags.append("copied_reference")
    keywords = is_keyword_list(text) and not _wants_a_list(question)
    if keywords:
        flags.append("keyword_list")
    return _Prepared(text, detect_lang(text), tuple(said), tuple(flags), is_no_answer(text), keywords)


def _echoes(claim: str, question: Question) -> bool:
    """Whether a claim repeats the question; what the reference says in the question's own words does not."""
    return echo_share(claim, question) >= ECHO_SHARE and not _copied(claim, question)


def _wants_a_list(question: Question) -> bool:
    return any(is_keyword_list(reference) for reference in (question.reference.zh, question.reference.en))


def _copied(answer: str, question: Question) -> bool:
    references = (question.reference.zh, question.reference.en)
    return max(copied_share(answer, reference) for reference in references) >= COPY_SHARE


def _more_flags(item: _Prepared, question: Question, readings: Sequence[Reading], score: int) -> tuple[Flag, ...]:
    flags = list(item.flags)
    if item.empty:
        return tuple(flags)
    if score < CORRECT_FROM and len(term_set(item.answer)) < TOO_SHORT:
        flags.append("too_short")
    untouched = max((reading.addressed for reading in readings), default=0.0) < OFF_TOPIC_BELOW
    if untouched and not flags:
        flags.append("off_topic")
    return tuple(flags)


def _point_grade(point: KeyPoint, share: float, reading: Reading, item: _Prepared) -> PointGrade:
    verdict: PointVerdict = "missing" if item.keywords else reading.verdict
    evidence = None
    if verdict != "missing" and reading.window is not None:
        window = reading.window
        evidence = Evidence(window.start, window.end, item.answer[window.start : window.end])
    confidence = 1 - reading.addressed * reading.reversed if item.keywords else reading.confidence
    return PointGrade(point.id, point.text.in_lang(item.lang), share, verdict, confidence, evidence)


def score_of(points: Sequence[PointGrade]) -> int:
    """Return 0 to 100: the weighted credit of the verdicts; what is reversed costs half of what it would have won."""
    return max(0, min(100, round(100 * sum(point.weight * CREDIT[point.verdict] for point in points))))


def mostly_reversed(points: Sequence[PointGrade]) -> bool:
    """Whether at least half of what the answer speaks to, by weight, is said the wrong way round."""
    reversed_share = sum(point.weight for point in points if point.verdict == "contradicted")
    spoken_to = sum(point.weight for point in points if point.verdict != "missing")
    return reversed_share > 0 and reversed_share >= spoken_to / 2


def keyword_score(readings: Sequence[Reading], shares: np.ndarray[tuple[int], np.dtype[np.float32]]) -> int:
    """Return 0 to KEYWORDS_AT_MOST for a list of terms, by how much of the question they touch."""
    touched = sum(float(share) * reading.addressed for share, reading in zip(shares, readings, strict=True))
    return round(KEYWORDS_AT_MOST * touched)


def verdict_of(points: Sequence[PointGrade], score: int, item: _Prepared) -> Verdict:
    """Return the verdict on the whole answer."""
    if item.empty:
        return "no_answer"
    reversed_share = sum(point.weight for point in points if point.verdict == "contradicted")
    if reversed_share >= CONTRADICTORY_SHARE:
        return "contradictory"
    if score >= CORRECT_FROM and not reversed_share:
        return "correct"
    if any(point.verdict in ("covered", "partial") for point in points):
        return "partly_correct"
    return "contradictory" if reversed_share else "incorrect"
