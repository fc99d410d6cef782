"""Train the reader: `python -m models.grader.train --public DIR --out DIR [--seed 1] [--device auto] [--resume]`.

DIR of --public holds semeval_scientsbank.csv, semeval_beetle.csv, saf_english.csv and zh_le.csv; without it only our
own answers are learned from. Checkpoints after every epoch; --resume goes on from the last.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.encoder import choose_device, load_encoder
from models.grader.examples import (
    MISSING,
    Example,
    Lang,
    example_of,
    logistics,
    questions,
    saf,
    semeval,
    written,
)
from models.grader.network import PointReader, ReaderConfig, Sequences, sequences_of
from models.grader.readings import VERDICTS
from models.grader.states import LowerLayers, bert_of


@dataclass(frozen=True)
class Recipe:
    """How it is trained. tokens: of one batch, padding included; class_weights: in the order of VERDICTS."""

    epochs: int = 8
    learning_rate: float = 1.2e-4
    head_learning_rate: float = 6e-4
    warm_up: float = 0.06
    weight_decay: float = 0.02
    tokens: int = 2200
    clip: float = 1.0
    other_language: float = 0.25  # how often an answer meets the key points of the other language
    strange_points: float = 0.3  # how often a key point of another question is put among them: it is missing
    class_weights: tuple[float, float, float, float] = (1.0, 1.8, 1.0, 1.4)
    public_share: float = 0.35  # of the public answers, drawn anew every epoch
    seed: int = 1


class StateStore:
    """States of the lower layers by text, half precision: they are frozen, so a text is read once for all epochs."""

    def __init__(self, lower: LowerLayers) -> None:
        self.lower = lower
        self._states: dict[str, Tensor] = {}

    def add(self, texts: Sequence[str]) -> None:
        """Read the texts that are not there yet."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._states]
        for start in range(0, len(missing), 1024):
            part = missing[start : start + 1024]
            for text, states in zip(part, self.lower(part), strict=True):
                self._states[text] = states.to(torch.float16).cpu()

    def __getitem__(self, text: str) -> Tensor:
        return self._states[text].float()

    def sequences(self, examples: Sequence[Example]) -> Sequences:
        """Join the states of a batch."""
        return sequences_of([(self[e.question], [self[p] for p in e.points], self[e.answer]) for e in examples])

    def length(self, example: Example) -> int:
        """Return how many states an example has."""
        texts = (example.question, *example.points, example.answer)
        return sum(len(self._states[text]) for text in texts)


def training_examples(public: Path | None) -> tuple[list[tuple[Example, Example]], list[Example]]:
    """Return our own training answers, each in both languages of its question, and the public ones."""
    found = questions()
    own = [
        (example_of(item, found[item.question], item.lang), example_of(item, found[item.question], _other(item.lang)))
        for item in written()
        if item.split == "train"
    ]
    if public is None:
        return own, []
    return own, [
        *semeval(public / "semeval_scientsbank.csv", "scientsbank", "train"),
        *semeval(public / "semeval_beetle.csv", "beetle", "train"),
        *saf(public / "saf_english.csv", "training"),
        *logistics(public / "zh_le.csv", "train"),
    ]


def _other(lang: Lang) -> Lang:
    return "en" if lang == "zh" else "zh"


def shuffled_points(example: Example, rng: random.Random) -> Example:
    """Return the example with its key points in another order."""
    order = rng.sample(range(len(example.points)), len(example.points))
    return replace(
        example,
        points=tuple(example.points[i] for i in order),
        verdicts=tuple(example.verdicts[i] for i in order),
        weights=tuple(example.weights[i] for i in order),
    )


def with_strange_point(example: Example, others: Sequence[Example], rng: random.Random) -> Example:
    """Return the example with one key point of another question, which it misses."""
    other = rng.choice(others)
    if other.group == example.group:
        return example
    return replace(
        example,
        points=(*example.points, rng.choice(other.points)),
        verdicts=(*example.verdicts, MISSING),
        weights=(*example.weights, 0.0),
    )


def epoch_examples(
    own: Sequence[tuple[Example, Example]], public: Sequence[Example], recipe: Recipe, rng: random.Random
) -> list[Example]:
    """Draw one epoch: languages, order of points, strange points; one reference of several, a share of the public."""
    chosen = []
    for same, across in own:
        example = across if rng.random() < recipe.other_language else same
        if rng.random() < recipe.strange_points:
            example = with_strange_point(example, [pair[0] for pair in rng.sample(own, 4)], rng)
        chosen.append(shuffled_points(example, rng))
    by_answer: dict[tuple[str, str, str], list[Example]] = {}
    for example in public:
        by_answer.setdefault((example.source, example.group, example.answer), []).append(example)
    alternatives = [rng.choice(group) for group in by_answer.values()]
    chosen += rng.sample(alternatives, round(recipe.public_share * len(alternatives)))
    return chosen


def batches(examples: Sequence[Example], store: StateStore, tokens: int, rng: random.Random) -> Iterator[list[Example]]:
    """Yield batches of like lengths in random order, at most `tokens` padded states each."""
    ordered = sorted(examples, key=lambda e: store.length(e) * rng.uniform(0.95, 1.05))
    groups: list[list[Example]] = [[]]
    longest = 0
    for example in ordered:
        longest = max(longest, store.length(example))
        if groups[-1] and longest * (len(groups[-1]) + 1) > tokens:
            groups.append([])
            longest = store.length(example)
        groups[-1].append(example)
    rng.shuffle(groups)
    yield from groups


def loss_of(logits: Tensor, examples: Sequence[Example], class_weights: Tensor) -> Tensor:
    """Return the mean negative log-probability of the right sets of verdicts; logits (B, count, 4)."""
    allowed = torch.zeros_like(logits, dtype=torch.bool)
    for row, example in enumerate(examples):
        for number, bits in enumerate(example.verdicts):
            allowed[row, number] = torch.tensor([bool(bits >> k & 1) for k in range(len(VERDICTS))])
    known = allowed.any(-1) & ~allowed.all(-1)
    right = logits.log_softmax(-1).masked_fill(~allowed, float("-inf"))[known].logsumexp(-1)
    weight = (class_weights * allowed[known]).sum(-1) / allowed[known].sum(-1)
    return -(weight * right).sum() / weight.sum().clamp(min=1e-6)


def schedule(step: int, steps: int, warm_up: float) -> float:
    """Return the learning rate's factor: linear warm-up, then a cosine to 0."""
    first = max(1, round(warm_up * steps))
    if step < first:
        return (step + 1) / first
    return 0.5 * (1 + math.cos(math.pi * (step - first) / max(1, steps - first)))


def new_reader(encoder_model: Any, config: ReaderConfig) -> PointReader:
    """Return a reader whose layers start as the encoder's upper ones."""
    import copy

    layers = nn.ModuleList(copy.deepcopy(layer) for layer in bert_of(encoder_model).encoder.layer[config.lower :])
    for parameter in layers.parameters():
        parameter.requires_grad_(True)
    return PointReader(layers, config)


def optimiser_of(reader: PointReader, recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW with a higher learning rate for what starts from nothing."""
    upper = [p for name, p in reader.named_parameters() if name.startswith("layers.")]
    head = [p for name, p in reader.named_parameters() if not name.startswith("layers.")]
    return torch.optim.AdamW(
        [
            {"params": upper, "lr": recipe.learning_rate},
            {"params": head, "lr": recipe.head_learning_rate},
        ],
        weight_decay=recipe.weight_decay,
    )


def train(
    encoder_model: Any, public: Path | None, out: Path, recipe: Recipe, config: ReaderConfig, resume: bool = False
) -> PointReader:
    """Train and return the reader; `out` receives a checkpoint an epoch and a log of JSON lines."""
    torch.manual_seed(recipe.seed)
    device = encoder_model.device
    own, others = training_examples(public)
    store = StateStore(LowerLayers(encoder_model, config.lower))
    store.add([text for pair in own for e in pair for text in (e.question, *e.points, e.answer)])
    store.add([text for e in others for text in (e.question, *e.points, e.answer)])
    reader = new_reader(encoder_model, config).to(device)
    optimiser = optimiser_of(reader, recipe)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, first = out / "checkpoint.pt", 0
    if resume and checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=device)
        reader.load_state_dict(saved["reader"])
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["epochs"]
    class_weights = torch.tensor(recipe.class_weights, device=device)
    for epoch in range(first, recipe.epochs):
        rng = random.Random(f"{recipe.seed}-{epoch}")  # noqa: S311 - shuffling
        groups = list(batches(epoch_examples(own, others, recipe, rng), store, recipe.tokens, rng))
        started, total = time.monotonic(), 0.0
        reader.train()
        for number, group in enumerate(groups):
            factor = schedule(epoch * len(groups) + number, recipe.epochs * len(groups), recipe.warm_up)
            for parameters, rate in zip(
                optimiser.param_groups, (recipe.learning_rate, recipe.head_learning_rate), strict=True
            ):
                parameters["lr"] = rate * factor
            logits, _ = reader(store.sequences(group).to(device))
            loss = loss_of(logits, group, class_weights)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(reader.parameters(), recipe.clip)
            optimiser.step()
            total += loss.item()
            if number % 50 == 49:  # noqa: PLR2004
                print(f"epoch {epoch + 1} batch {number + 1}/{len(groups)} loss {total / (number + 1):.3f}", flush=True)
        line = {"epoch": epoch + 1, "loss": round(total / len(groups), 4), "seconds": round(time.monotonic() - started)}
        with (out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
        torch.save(
            {"reader": reader.state_dict(), "optimiser": optimiser.state_dict(), "epochs": epoch + 1}, checkpoint
        )
    return reader


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--lower", type=int, default=ReaderConfig.lower)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/interview-assistant/models"))
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    encoder = load_encoder(options.cache.expanduser(), device=choose_device(options.device))
    recipe = Recipe(seed=options.seed, epochs=options.epochs)
    config = ReaderConfig(lower=options.lower)
    reader = train(encoder.model, options.public, options.out, recipe, config, options.resume)
    torch.save({"reader": reader.state_dict(), "config": config.to_dict()}, options.out / "reader.pt")
    print(json.dumps(asdict(recipe)))


if __name__ == "__main__":
    main()
