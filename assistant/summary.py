"""An interview in numbers: scores, key points won and lost, and what to study next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assistant.bank import Bank
from assistant.grade import Evidence, PointVerdict
from assistant.interview import STUDY_BELOW, Exchange, Interview
from assistant.question import Bilingual, Question

LOST_SHARE = {"covered": 0.0, "partial": 0.5, "missing": 1.0, "contradicted": 1.0}


@dataclass(frozen=True)
class TopicScore:
    """The mean score (0 to 100) of a topic's questions in this interview."""

    topic: str
    title: Bilingual
    score: int
    questions: int


@dataclass(frozen=True)
class PointResult:
    """What became of one key point; share is its part of the question, 0 to 1."""

    question_id: str
    id: str
    text: Bilingual
    share: float
    verdict: PointVerdict
    evidence: Evidence | None = None

    @property
    def lost(self) -> float:
        """The part of the question lost here, 0 to 1; half of a partial point."""
        return self.share * LOST_SHARE[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "question_id": self.question_id,
            "id": self.id,
            "text": self.text.to_dict(),
            "share": round(self.share, 4),
            "verdict": self.verdict,
            "evidence": self.evidence.to_dict() if self.evidence else None,
        }


@dataclass(frozen=True)
class StudyItem:
    """A question that went badly: its score, the key points lost (heaviest first), and the reference answer."""

    question_id: str
    topic: str
    question: Bilingual
    reference: Bilingual
    score: int
    points: tuple[PointResult, ...]

    @property
    def lost(self) -> float:
        """The part of the question lost, 0 to 1."""
        return sum(point.lost for point in self.points)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "question_id": self.question_id,
            "topic": self.topic,
            "question": self.question.to_dict(),
            "reference": self.reference.to_dict(),
            "score": self.score,
            "lost": round(self.lost, 4),
            "points": [point.to_dict() for point in self.points],
        }


@dataclass(frozen=True)
class Summary:
    """An interview's results; score is the mean over questions answered or skipped (skipped count 0), 0 with none.

    topics: weakest first. won, lost: key points in the order asked. study: questions below STUDY_BELOW, the heaviest
    loss first. total counts questions not reached too.
    """

    score: int
    topics: tuple[TopicScore, ...]
    won: tuple[PointResult, ...]
    lost: tuple[PointResult, ...]
    study: tuple[StudyItem, ...]
    total: int
    answered: int
    skipped: int
    follow_ups: int
    hints: int

    @property
    def weak_topics(self) -> tuple[TopicScore, ...]:
        """The topics below STUDY_BELOW, weakest first."""
        return tuple(topic for topic in self.topics if topic.score < STUDY_BELOW)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "score": self.score,
            "topics": [
                {"topic": t.topic, "title": t.title.to_dict(), "score": t.score, "questions": t.questions}
                for t in self.topics
            ],
            "won": [point.to_dict() for point in self.won],
            "lost": [point.to_dict() for point in self.lost],
            "study": [item.to_dict() for item in self.study],
            "total": self.total,
            "answered": self.answered,
            "skipped": self.skipped,
            "follow_ups": self.follow_ups,
            "hints": self.hints,
        }


def summarise(interview: Interview, bank: Bank) -> Summary:
    """Sum up an interview, finished or not; questions that the bank no longer has keep the texts of their grades."""
    done = [exchange for exchange in interview.exchanges if exchange.done]
    points = [point for exchange in done for point in point_results(exchange, bank)]
    items = [_study_item(exchange, bank) for exchange in done if exchange.score < STUDY_BELOW]
    return Summary(
        score=_mean(exchange.score for exchange in done),
        topics=_topic_scores(done, bank),
        won=tuple(point for point in points if point.verdict == "covered"),
        lost=tuple(point for point in points if point.verdict != "covered"),
        study=tuple(sorted(items, key=lambda item: -item.lost)),
        total=len(interview.exchanges),
        answered=sum(exchange.grade is not None for exchange in done),
        skipped=sum(exchange.skipped for exchange in done),
        follow_ups=sum(exchange.follow_up_grade is not None for exchange in done),
        hints=sum(exchange.hinted for exchange in interview.exchanges),
    )


def _mean(scores: Iterable[int]) -> int:
    found = list(scores)
    return round(sum(found) / len(found)) if found else 0


def known_question(exchange: Exchange, bank: Bank) -> Question | None:
    """Return the exchange's question, or None where the bank has lost it since."""
    return bank.get(exchange.question_id) if exchange.question_id in bank else None


def question_text(exchange: Exchange, bank: Bank) -> Bilingual:
    """Return the question as asked; its id where the bank has lost it since."""
    question = known_question(exchange, bank)
    return question.question if question else Bilingual(exchange.question_id, exchange.question_id)


def _topic_scores(done: Iterable[Exchange], bank: Bank) -> tuple[TopicScore, ...]:
    scores: dict[str, list[int]] = {}
    for exchange in done:
        question = known_question(exchange, bank)
        if question is not None:
            scores.setdefault(question.topic, []).append(exchange.score)
    found = [TopicScore(topic, bank.title(topic), _mean(values), len(values)) for topic, values in scores.items()]
    return tuple(sorted(found, key=lambda topic: topic.score))


def point_results(exchange: Exchange, bank: Bank) -> tuple[PointResult, ...]:
    """Return what became of an exchange's key points; a skipped question lost them all."""
    question = known_question(exchange, bank)
    if exchange.grade is None:
        return _all_missing(question) if question else ()
    texts = {point.id: point.text for point in question.key_points} if question else {}
    return tuple(
        PointResult(
            exchange.question_id,
            point.id,
            texts.get(point.id) or Bilingual(point.text, point.text),
            point.weight,
            point.verdict,
            point.evidence,
        )
        for point in exchange.points
    )


def _all_missing(question: Question) -> tuple[PointResult, ...]:
    total = sum(point.weight for point in question.key_points) or 1
    return tuple(
        PointResult(question.id, point.id, point.text, point.weight / total, "missing") for point in question.key_points
    )


def _study_item(exchange: Exchange, bank: Bank) -> StudyItem:
    question = known_question(exchange, bank)
    lost = [point for point in point_results(exchange, bank) if point.verdict != "covered"]
    return StudyItem(
        question_id=exchange.question_id,
        topic=question.topic if question else "",
        question=question_text(exchange, bank),
        reference=question.reference if question else Bilingual("", ""),
        score=exchange.score,
        points=tuple(sorted(lost, key=lambda point: -point.lost)),
    )
