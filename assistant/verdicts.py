"""From signals to verdicts on key points: two small logistic models and their thresholds.

Fitted by `python -m benchmarks.grading --fit` on tests/answers/fit.yaml (12 questions, 192 hand-written answers) and
checked on tests/answers/held_out.yaml (12 other questions, another writer). They read relative similarities and
polarity only, never an answer's length or style.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.alignment import Signals, Window
from assistant.grade import PointVerdict
from models.encoder import Vectors


@dataclass(frozen=True)
class Weights:
    """Logistic weights in the order of Signals' fields: five of coverage, then five of polarity.

    polarity_context: weight of the mean term_mismatch (across languages: negation_excess) over the answer's addressed
    key points: whoever negates one claim on purpose negates the others too.
    """

    coverage: tuple[float, float, float, float, float]
    coverage_bias: float
    polarity: tuple[float, float, float, float, float]
    polarity_words: float
    polarity_context: float
    polarity_bias: float

    @property
    def polarity_terms(self) -> tuple[tuple[float, float, float, float, float], float, float, float]:
        """The polarity model alone."""
        return self.polarity, self.polarity_words, self.polarity_context, self.polarity_bias


SAME_LANGUAGE = Weights((0.48, 3.55, 2.52, 2.61, 6.40), -2.63, (2.49, 0.97, -0.42, 1.59, -0.10), 1.61, 6.40, -2.78)
# its coverage bias is 0.9 below the balanced fit: most texts are about something else, and words cannot say so here
ACROSS = Weights((3.98, -0.25, 2.63, 1.89, 2.81), -2.50, (-0.03, 0.76, 0.0, 3.62, 0.0), -0.60, 3.44, -0.91)

# Questions outside the bank: its background is another subject, so nearness to it says less, and words say more. Round
# numbers, set by hand at the scale that the signals have on the training parts of public sets (README, Licences).
DERIVED = Weights((1.5, 0.0, 0.8, 0.0, 4.0), -3.6, *SAME_LANGUAGE.polarity_terms)

COVERED_FROM = 0.5  # probability that the point is addressed
PARTIAL_FROM = 0.3
CONTRADICTED_FROM = 0.6  # probability that what addresses it says the reverse
DOUBTFUL_FROM = 0.45


@dataclass(frozen=True)
class Reading:
    """What was read about one key point: probabilities 0..1, and the window that speaks to it."""

    addressed: float
    reversed: float
    window: Window | None

    @property
    def verdict(self) -> PointVerdict:
        """The verdict that the probabilities amount to."""
        if self.addressed < PARTIAL_FROM:
            return "missing"
        if self.reversed >= CONTRADICTED_FROM and self.addressed >= COVERED_FROM:
            return "contradicted"
        if self.addressed < COVERED_FROM or self.reversed >= DOUBTFUL_FROM:
            return "partial"
        return "covered"

    @property
    def confidence(self) -> float:
        """How sure the verdict is, 0..1."""
        if self.verdict == "missing":
            return 1 - self.addressed
        if self.verdict == "contradicted":
            return self.addressed * self.reversed
        if self.verdict == "covered":
            return self.addressed * (1 - self.reversed)
        return 0.5


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _weights(signals: Signals) -> Weights:
    if signals.across:
        return ACROSS
    return DERIVED if signals.derived else SAME_LANGUAGE


def _coverage(signals: Signals) -> float:
    weights = _weights(signals)
    return float(np.dot(signals.array()[:5], weights.coverage)) + weights.coverage_bias


def _polarity(signals: Signals, context: float) -> float:
    weights = _weights(signals)
    return (
        float(np.dot(signals.array()[5:], weights.polarity))
        + weights.polarity_words * signals.words
        + weights.polarity_context * context
        + weights.polarity_bias
    )


def best_windows(table: Sequence[Sequence[Signals]], windows: Sequence[Window]) -> list[tuple[int, float] | None]:
    """Return for every key point the number of the window that speaks to it most, and its coverage logit."""
    found: list[tuple[int, float] | None] = []
    for row in table:
        logits = [_coverage(signals) for signals in row]
        if not logits:
            found.append(None)
            continue
        # a shorter window that says nearly as much is the better evidence
        sizes = [len(window.text) for window in windows]
        top = max(logits)
        near = [i for i, logit in enumerate(logits) if logit >= top - 0.3]
        best = min(near, key=lambda i: (sizes[i], -logits[i]))
        found.append((best, top))
    return found


def context_of(addressed: Sequence[Signals]) -> float:
    """Return how much the addressed key points are negated on the whole."""
    if not addressed:
        return 0.0
    return float(
        np.mean([signals.negation_excess if signals.across else signals.term_mismatch for signals in addressed])
    )


def read(table: Sequence[Sequence[Signals]], windows: Sequence[Window]) -> list[Reading]:
    """Turn signals[point][window] into one reading a key point."""
    best = best_windows(table, windows)
    context = context_of([row[choice[0]] for row, choice in zip(table, best, strict=True) if choice and choice[1] > 0])
    readings = []
    for row, choice in zip(table, best, strict=True):
        if choice is None:
            readings.append(Reading(0.0, 0.0, None))
            continue
        number, logit = choice
        readings.append(Reading(_sigmoid(logit), _sigmoid(_polarity(row[number], context)), windows[number]))
    return readings


def spread(readings: Sequence[Reading], shares: Vectors) -> float:
    """Return the standard deviation of the score, 0..1, if every point's verdict is as uncertain as it says."""
    good = np.array([reading.addressed * (1 - reading.reversed) for reading in readings])
    return float(np.sqrt(np.sum(np.asarray(shares) ** 2 * good * (1 - good))))
