"""Synthetic questions in any number, derived from the bank's: nothing needs encoding, so 100,000 take seconds."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.bank import Bank
from assistant.question import Bilingual, Lang, Question
from assistant.text import claims
from models.encoder import Role, Vectors

NOISE = 0.7
SLICE = 20_000  # rows drawn at once
ROWS = 4  # of a question, in the index's order: zh and en, of each the question and its reference


@dataclass(frozen=True)
class Synthetic:
    """A bank with the vectors of its rows, and as many queries: text and vector."""

    bank: Bank
    vectors: Vectors
    texts: tuple[str, ...]
    asked: Vectors


class GivenVector:
    """An encoder that returns the vector it was last given."""

    name = "given"

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.vector: Vectors = np.zeros(dimension, dtype=np.float32)

    def encode(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """Return the vector for every text."""
        return np.stack([self.vector] * len(texts))


def perturbed(originals: Vectors, known: Vectors, rng: np.random.Generator) -> Vectors:
    """Return each original moved by noise with the covariance of the known vectors, of length 1 again."""
    centred = (known - known.mean(axis=0)) * (NOISE / np.sqrt(len(known)))
    moved = np.empty_like(originals)
    for start in range(0, len(originals), SLICE):
        part = originals[start : start + SLICE]
        moved[start : start + SLICE] = part + rng.standard_normal((len(part), len(known)), dtype=np.float32) @ centred
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return moved


class Mixer:
    """Makes texts of clauses: every other one of a given text, the rest from anywhere in the bank."""

    def __init__(self, bank: Bank, seed: int) -> None:
        self.random = random.Random(seed)
        both = [text for question in bank for text in (question.question, question.reference)]
        self.clauses = {text: [claim.text for claim in claims(text)] for pair in both for text in (pair.zh, pair.en)}
        self.pool: dict[Lang, list[str]] = {
            "zh": [clause for question in bank for clause in self.clauses[question.reference.zh]],
            "en": [clause for question in bank for clause in self.clauses[question.reference.en]],
        }

    def _mixed(self, text: str, lang: Lang) -> str:
        own = self.clauses[text]
        return " ".join([*own[::2], *self.random.choices(self.pool[lang], k=len(own) // 2)])

    def question(self, question: Question, number: int) -> Question:
        """Return a new question like this one."""

        def mixed(text: Bilingual) -> Bilingual:
            return Bilingual(self._mixed(text.zh, "zh"), self._mixed(text.en, "en"))

        return replace(
            question,
            id=f"{question.id}-{number}",
            question=mixed(question.question),
            reference=mixed(question.reference),
        )


def synthetic(bank: Bank, known: Vectors, size: int, queries: int) -> Synthetic:
    """Make `size` questions and `queries` more of the same kind to ask; known: the vectors of the bank's rows."""
    rng, mixer = np.random.default_rng(size), Mixer(bank, size)
    origin = np.arange(size + queries) % len(bank)
    made = [mixer.question(bank.questions[o], number) for number, o in enumerate(origin)]
    rows = (origin[:size, None] * ROWS + np.arange(ROWS)).ravel()
    in_english = np.arange(queries) % 2
    return Synthetic(
        bank=Bank(tuple(made[:size]), bank.titles),
        vectors=perturbed(known[rows], known, rng),
        texts=tuple(q.question.en if en else q.question.zh for q, en in zip(made[size:], in_english, strict=True)),
        asked=perturbed(known[origin[size:] * ROWS + 2 * in_english], known, rng),
    )
