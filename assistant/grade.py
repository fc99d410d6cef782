"""What a grader returns: a score with its interval, and for every key point a verdict with the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from assistant.question import Lang, Question

Verdict = Literal["correct", "partly_correct", "contradictory", "incorrect", "no_answer"]
PointVerdict = Literal["covered", "partial", "missing", "contradicted"]
Flag = Literal[
    "question_echo",
    "keyword_list",
    "off_topic",
    "repetition",
    "copied_reference",
    "too_short",
    "instruction_in_answer",
]


@dataclass(frozen=True)
class Evidence:
    """Where the answer says it: answer[start:end] == text."""

    start: int
    end: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True)
class PointGrade:
    """The verdict on one key point; weight is its share of the question (they sum to 1), confidence 0 to 1."""

    id: str
    text: str
    weight: float
    verdict: PointVerdict
    confidence: float
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        # rounded here and not in to_dict, so that a stored grade reads back as the same value
        object.__setattr__(self, "weight", round(float(self.weight), 4))
        object.__setattr__(self, "confidence", round(float(self.confidence), 3))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "text": self.text,
            "weight": self.weight,
            "verdict": self.verdict,
            "confidence": self.confidence,
            "evidence": self.evidence.to_dict() if self.evidence else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PointGrade":
        """Read the JSON form."""
        evidence = Evidence(**data["evidence"]) if data["evidence"] else None
        return cls(**{**data, "evidence": evidence})


@dataclass(frozen=True)
class Grade:
    """One graded answer; score and interval 0 to 100. grader, encoder and bank say what made it."""

    score: int
    interval: tuple[int, int]
    verdict: Verdict
    key_points: tuple[PointGrade, ...]
    flags: tuple[Flag, ...]
    feedback: str
    lang: Lang
    grader: str
    encoder: str
    bank: str

    def points(self, *verdicts: PointVerdict) -> tuple[PointGrade, ...]:
        """Return the key points with one of these verdicts, in question order."""
        return tuple(point for point in self.key_points if point.verdict in verdicts)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "score": self.score,
            "interval": list(self.interval),
            "verdict": self.verdict,
            "key_points": [point.to_dict() for point in self.key_points],
            "flags": list(self.flags),
            "feedback": self.feedback,
            "lang": self.lang,
            "grader": self.grader,
            "encoder": self.encoder,
            "bank": self.bank,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Grade":
        """Read the JSON form."""
        return cls(
            **{
                **data,
                "interval": tuple(data["interval"]),
                "key_points": tuple(PointGrade.from_dict(point) for point in data["key_points"]),
                "flags": tuple(data["flags"]),
            }
        )


class Grader(Protocol):
    """What interviews, batches and pages need of a grader."""

    @property
    def version(self) -> str:
        """The version that grades carry."""
        ...

    def grade(self, question: Question, answer: str) -> Grade:
        """Grade one answer; raise InputError for one that cannot be graded."""
        ...

    def grade_many(self, pairs: Sequence[tuple[Question, str]]) -> list[Grade]:
        """Grade many answers at once, in order; raise InputError if one of them cannot be graded."""
        ...
