"""What the reader is asked, and what it answers."""

from dataclasses import dataclass
from typing import Literal

from models.encoder import Vectors

Verdict = Literal["covered", "partial", "missing", "contradicted"]
VERDICTS: tuple[Verdict, ...] = ("covered", "partial", "missing", "contradicted")


@dataclass(frozen=True)
class Item:
    """What is read at once: a question, its key points, an answer (or a passage of one)."""

    question: str
    points: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class PointReading:
    """probabilities: shape (4,), in the order of VERDICTS; gaze: (start, end, share) of the answer's words, sum 1."""

    probabilities: Vectors
    gaze: tuple[tuple[int, int, float], ...]
