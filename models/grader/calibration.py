"""From a reader's raw probabilities to ones that hold, to a score as an examiner gives it, and to an interval.

Fitted on the validation questions by `python -m models.grader.calibrate`; the test questions are never looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.encoder import Vectors
from models.grader.examples import Lang


def on_line(raw: Any, knots: Sequence[tuple[float, float]]) -> Any:
    """Return the heights at `raw` (a number or an array) of the straight lines between the knots."""
    return np.interp(raw, [x for x, _ in knots], [y for _, y in knots])


@dataclass(frozen=True)
class Calibration:
    """temperature and bias by language: p' ~ exp(log p / temperature + bias), verdicts in the order of VERDICTS.

    credit: what a verdict is worth, of a point's weight; knots: (raw score, examiner's score), both 0..1 and rising,
    straight lines between; width, floor: the 80 % interval is width x the score's own deviation + floor to each side.
    """

    temperature: Mapping[Lang, float]
    bias: Mapping[Lang, tuple[float, ...]]
    credit: tuple[float, ...]
    knots: tuple[tuple[float, float], ...]
    width: float
    floor: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Calibration":
        """Read the JSON form."""
        return cls(
            temperature=data["temperature"],
            bias={lang: tuple(values) for lang, values in data["bias"].items()},
            credit=tuple(data["credit"]),
            knots=tuple((raw, seen) for raw, seen in data["knots"]),
            width=data["width"],
            floor=data["floor"],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    def probabilities(self, raw: Vectors, lang: Lang) -> Vectors:
        """Return calibrated probabilities; raw: (..., 4), in the answer's language."""
        logits = np.log(np.maximum(raw, 1e-9)) / self.temperature[lang] + np.array(self.bias[lang])
        exponents = np.exp(logits - logits.max(-1, keepdims=True))
        found: Vectors = (exponents / exponents.sum(-1, keepdims=True)).astype(np.float32)
        return found

    def raw_score(self, probabilities: Vectors, weights: Sequence[float]) -> float:
        """Return the expected credit, 0..1; probabilities: (points, 4), weights sum to 1."""
        return float(np.clip(np.dot(weights, probabilities @ np.array(self.credit)), 0, 1))

    def score(self, probabilities: Vectors, weights: Sequence[float]) -> float:
        """Return what an examiner would give, 0..100."""
        return 100 * float(on_line(self.raw_score(probabilities, weights), self.knots))

    def margin(self, probabilities: Vectors, weights: Sequence[float]) -> float:
        """Return half the width of the 80 % interval, in points."""
        credit = np.array(self.credit)
        variance = probabilities @ credit**2 - (probabilities @ credit) ** 2
        deviation = float(np.sqrt(np.dot(np.square(weights), np.maximum(variance, 0))))
        return 100 * (self.width * deviation + self.floor)
