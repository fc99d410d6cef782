"""Fit the calibration on the validation questions and write what ships: `python -m models.grader.calibrate RUN`.

RUN is the --out of models.grader.train. Writes weights.safetensors (half precision) and settings.json beside this file.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize

from models.encoder import Vectors, load_encoder
from models.grader.calibration import Calibration, on_line
from models.grader.examples import Example, Lang, example_of, questions, written
from models.grader.network import PointReader, ReaderConfig
from models.grader.reader import FOLDER, SETTINGS, WEIGHTS, AnswerReader
from models.grader.readings import VERDICTS, Item
from models.grader.train import new_reader

VERSION = "reader-1"
LANGS: tuple[Lang, ...] = ("zh", "en")
COVERAGE = 0.8
STEPS = 12  # pieces of the line from raw score to the examiner's
PARTIAL_CREDIT = 0.5


def fit_probabilities(raw: Vectors, labels: Sequence[int]) -> tuple[float, tuple[float, ...]]:
    """Return the temperature and bias that make held-out verdicts most probable; raw: (n, 4)."""
    logs, right = np.log(np.maximum(raw, 1e-9)), np.asarray(labels)

    def loss(x: Vectors) -> float:
        logits = logs / np.exp(x[0]) + np.append(x[1:], 0.0)
        logits -= logits.max(1, keepdims=True)
        logs_now = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return float(-logs_now[np.arange(len(right)), right].mean() + 0.01 * (x**2).sum())

    found = minimize(loss, np.zeros(len(VERDICTS)), method="L-BFGS-B").x
    return float(np.exp(found[0])), (*found[1:].tolist(), 0.0)


def rising(raw: Vectors, grades: Vectors) -> tuple[tuple[float, float], ...]:
    """Return the knots of a rising line through mean grades at quantiles of the raw score, violators pooled."""
    order = np.argsort(raw)
    pools = [[float(raw[part].mean()), float(grades[part].mean()), len(part)] for part in np.array_split(order, STEPS)]
    done: list[list[float]] = []
    for pool in pools:
        done.append(pool)
        while len(done) > 1 and done[-2][1] > done[-1][1]:
            (x1, y1, n1), (x2, y2, n2) = done.pop(-2), done.pop()
            done.append([(x1 * n1 + x2 * n2) / (n1 + n2), (y1 * n1 + y2 * n2) / (n1 + n2), n1 + n2])
    inner = [(x, y) for x, y, _ in done if 0 < x < 1]
    return ((0.0, min(y for _, y in inner)), *inner, (1.0, 1.0))


def fit(readings: Sequence[Vectors], examples: Sequence[Example]) -> Calibration:
    """Fit everything on (points, 4) raw probabilities and their examples."""
    temperature: dict[Lang, float] = {}
    bias: dict[Lang, tuple[float, ...]] = {}
    for lang in LANGS:
        chosen = [(r, e) for r, e in zip(readings, examples, strict=True) if e.lang == lang]
        labels = [bits.bit_length() - 1 for _, e in chosen for bits in e.verdicts]
        temperature[lang], bias[lang] = fit_probabilities(np.concatenate([r for r, _ in chosen]), labels)
    grades: Vectors = np.array([(e.grade or 0.0) / 100 for e in examples], dtype=np.float32)
    tried: list[tuple[float, Calibration]] = []
    for cost in np.arange(0, 1.01, 0.1):
        credit = (1.0, PARTIAL_CREDIT, 0.0, -float(cost))
        plain = Calibration(temperature, bias, credit, ((0.0, 0.0), (1.0, 1.0)), 1.0, 0.0)
        found = [plain.probabilities(r, e.lang) for r, e in zip(readings, examples, strict=True)]
        raw: Vectors = np.array(
            [plain.raw_score(p, e.weights) for p, e in zip(found, examples, strict=True)], dtype=np.float32
        )
        knots = rising(raw, grades)
        error = float(np.mean((on_line(raw, knots) - grades) ** 2))
        interval = _interval(plain, found, examples, raw, knots)
        tried.append((error, Calibration(temperature, bias, credit, knots, *interval)))
    return min(tried, key=lambda pair: pair[0])[1]


def _interval(
    plain: Calibration,
    found: Sequence[Vectors],
    examples: Sequence[Example],
    raw: Vectors,
    knots: Sequence[tuple[float, float]],
) -> tuple[float, float]:
    """Return (width, floor) of the narrowest interval that holds COVERAGE of the grades."""
    deviation = np.array([plain.margin(p, e.weights) / 100 for p, e in zip(found, examples, strict=True)])
    missed = np.abs(on_line(raw, knots) - np.array([(e.grade or 0) / 100 for e in examples]))
    choices = []
    for floor in np.arange(0.01, 0.13, 0.01):
        width = float(np.quantile(np.maximum(0, missed - floor) / np.maximum(deviation, 1e-3), COVERAGE))
        choices.append((float(np.mean(width * deviation + floor)), width, float(floor)))
    return min(choices)[1:]


def read_examples(reader: AnswerReader, examples: Sequence[Example]) -> list[Vectors]:
    """Return the raw probabilities (points, 4) of every example."""
    read = reader.read([Item(e.question, e.points, e.answer) for e in examples])
    return [np.stack([point.probabilities for point in points]) for points in read]


def own_examples(split: str, across: bool = False) -> list[Example]:
    """Return our own answers of a split, meeting the question in their own language or the other."""
    found = questions()
    other: dict[Lang, Lang] = {"zh": "en", "en": "zh"}
    return [
        example_of(item, found[item.question], other[item.lang] if across else item.lang)
        for item in written()
        if item.split == split
    ]


def write(network: PointReader, calibration: Calibration, folder: Path, more: dict[str, Any]) -> None:
    """Write the weights in half precision and the settings."""
    from safetensors.torch import save_file

    halves = {name: tensor.to(torch.float16).contiguous() for name, tensor in network.state_dict().items()}
    save_file(halves, folder / WEIGHTS)
    settings = {
        "version": VERSION,
        "config": network.config.to_dict(),
        "calibration": calibration.to_dict(),
        **more,
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/interview-assistant/models"))
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    encoder = load_encoder(options.cache.expanduser())
    saved = torch.load(options.run / "reader.pt", weights_only=True, map_location="cpu")
    network = new_reader(encoder.model, ReaderConfig(**saved["config"]))
    network.load_state_dict(saved["reader"])
    reader = AnswerReader(encoder.model, network, {})
    examples = own_examples("validation")
    calibration = fit(read_examples(reader, examples), examples)
    write(network, calibration, options.out, {"encoder": encoder.name})
    print(json.dumps(calibration.to_dict()))


if __name__ == "__main__":
    main()
