"""The reader's network, its batches, its training and its calibration, on layers that train in a moment."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from torch import nn
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer

from models.encoder import SentenceEncoder
from models.grader.calibrate import fit, fit_probabilities, rising
from models.grader.calibration import Calibration
from models.grader.examples import COVERED, LETTERS, MISSING, PARTIAL, Example, example_of, questions, written
from models.grader.network import ANSWER, POINT, PointReader, ReaderConfig, sequences_of
from models.grader.states import LowerLayers, bert_of
from models.grader.train import batches, loss_of, schedule, shuffled_points

HIDDEN = 16


def small_reader(seed: int = 0) -> PointReader:
    torch.manual_seed(seed)
    shape = BertConfig(
        hidden_size=HIDDEN, num_attention_heads=2, intermediate_size=32, attn_implementation="sdpa", vocab_size=10
    )
    return PointReader(nn.ModuleList(BertLayer(shape) for _ in range(2)), ReaderConfig(hidden=HIDDEN, lower=0)).eval()


def part(*lengths: int, seed: int = 0) -> tuple[torch.Tensor, list[torch.Tensor], torch.Tensor]:
    """Random states of a question, key points and an answer of these lengths."""
    generator = torch.Generator().manual_seed(seed)
    states = [torch.randn(length, HIDDEN, generator=generator) for length in lengths]
    return states[0], states[1:-1], states[-1]


def test_sequences_know_what_every_state_is():
    batch = sequences_of([part(2, 1, 3, 4), part(1, 2, 2)])
    assert batch.count == 2
    assert batch.points[0].tolist() == [-1, -1, 0, 1, 1, 1, -1, -1, -1, -1]
    assert (batch.kinds[0] == ANSWER).tolist() == [False] * 6 + [True] * 4
    assert (batch.kinds[0] == POINT).sum() == 4
    assert batch.mask.sum(1).tolist() == [10, 5]


@torch.inference_mode()
def test_padding_changes_nothing():
    reader = small_reader()
    alone, _ = reader(sequences_of([part(2, 3, 2, 4, seed=1)]))
    padded, gaze = reader(sequences_of([part(2, 3, 2, 4, seed=1), part(5, 9, 9, 30, seed=2)]))
    torch.testing.assert_close(alone[0], padded[0, :2], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(gaze[0].sum(-1), torch.ones(2))
    assert gaze[0, :, 11:].sum() == 0, "nothing is seen beyond the answer"
    assert gaze[0, :, :7].sum() == 0, "nor before it"


@torch.inference_mode()
def test_key_points_have_no_order():
    question, points, answer = part(2, 3, 4, 2, 6, seed=3)
    reader = small_reader()
    there, _ = reader(sequences_of([(question, points, answer)]))
    back, _ = reader(sequences_of([(question, points[::-1], answer)]))
    torch.testing.assert_close(there[0].flip(0), back[0], atol=1e-5, rtol=1e-4)


def example(*verdicts: int, group: str = "q", answer: str = "an answer") -> Example:
    count = len(verdicts)
    points = tuple(f"{group} point {n}" for n in range(count))
    return Example("why?", points, answer, verdicts, (1 / count,) * count, 50.0, "own", group, "en")


def test_the_loss_is_cross_entropy_where_one_verdict_is_right():
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(1))
    rows = [example(1, 2, 4), example(8, 1, 4)]
    right = torch.tensor([0, 1, 2, 3, 0, 2])
    weights = torch.tensor([1.0, 1.8, 1.0, 1.4])
    oracle = nn.functional.cross_entropy(logits.view(-1, 4), right, weight=weights)
    torch.testing.assert_close(loss_of(logits, rows, weights), oracle)


def test_the_loss_of_a_set_of_verdicts_is_that_of_their_sum():
    logits = torch.tensor([[[0.2, 1.0, -0.5, 0.3]]])
    found = loss_of(logits, [example(PARTIAL | MISSING)], torch.ones(4))
    torch.testing.assert_close(found, -logits[0, 0].softmax(-1)[1:3].sum().log())
    assert loss_of(logits, [example(15)], torch.ones(4)) == 0, "an unknown verdict teaches nothing"


@given(st.integers(2, 500), st.floats(0.01, 0.3))
def test_the_learning_rate_rises_and_falls(steps: int, warm_up: float):
    factors = [schedule(step, steps, warm_up) for step in range(steps)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert max(factors) == 1
    assert factors[-1] < 0.2 or steps < 10


def test_shuffled_points_keep_their_verdicts():
    before = example(1, 2, 4, 8)
    after = shuffled_points(before, random.Random(3))
    assert after.points != before.points
    assert dict(zip(after.points, after.verdicts, strict=True)) == dict(
        zip(before.points, before.verdicts, strict=True)
    )


def test_batches_hold_every_example_once_and_no_more_than_they_may():
    class Lengths:
        def length(self, example: Example) -> int:
            return len(example.answer)

    rows = [example(1, answer="x" * n) for n in range(1, 60)]
    groups = list(batches(rows, Lengths(), 200, random.Random(0)))  # type: ignore[arg-type]
    assert sorted(len(e.answer) for group in groups for e in group) == list(range(1, 60))
    assert all(len(group) * max(len(e.answer) for e in group) <= 200 for group in groups)


def test_a_small_reader_learns_who_says_what():
    """Points whose states stand in the answer are covered, others missing: it holds on states never seen."""
    reader = small_reader().train()
    optimiser = torch.optim.AdamW(reader.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(5)

    def drawn(count: int) -> tuple[list[tuple[torch.Tensor, list[torch.Tensor], torch.Tensor]], list[Example]]:
        parts, rows = [], []
        for _ in range(count):
            said, unsaid, filler = (torch.randn(3, HIDDEN, generator=generator) for _ in range(3))
            parts.append((torch.zeros(1, HIDDEN), [said, unsaid], torch.cat([filler, said])))
            rows.append(example(COVERED, MISSING))
        return parts, rows

    for _ in range(60):
        parts, rows = drawn(16)
        logits, _ = reader(sequences_of(parts))
        optimiser.zero_grad()
        loss_of(logits, rows, torch.ones(4)).backward()
        optimiser.step()
    parts, _ = drawn(50)
    logits, _ = reader.eval()(sequences_of(parts))
    accuracy = (logits.argmax(-1) == torch.tensor([0, 2])).float().mean()
    assert accuracy > 0.95


@torch.inference_mode()
def test_lower_and_upper_layers_are_the_encoder(encoder: SentenceEncoder):
    """Reading a text by the lower layers and going on by the upper ones gives the encoder's own vectors."""
    lower = LowerLayers(encoder.model, 6)
    texts = ["A hash table finds a key in constant time.", "哈希表平均常数时间查找。"]
    for text, vector in zip(texts, encoder.encode(texts), strict=True):
        tokens = lower.tokenizer([f"query: {text}"], return_tensors="pt")
        states = lower.embeddings(input_ids=tokens["input_ids"])
        for layer in [*lower.layers, *bert_of(encoder.model).encoder.layer[6:]]:
            states = layer(states, tokens["attention_mask"].bool()[:, None, None, :])
        pooled = nn.functional.normalize(states[0].mean(0), dim=0)
        np.testing.assert_allclose(pooled.numpy(), vector, atol=1e-5)
        own = lower([text])[0]
        spans = lower.spans(text)
        assert len(own) == len(spans) + 1
        said = {place for start, end in spans for place in range(start, end)}
        assert said >= {place for place, char in enumerate(text) if char != " "}, "every character has a state"
        assert max(said) < len(text)


def test_temperature_is_found_again():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (6000, 4))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = [int(rng.choice(4, p=row)) for row in true]
    sharp = np.exp(2 * logits) / np.exp(2 * logits).sum(1, keepdims=True)  # twice too sure
    temperature, bias = fit_probabilities(sharp.astype(np.float32), labels)
    assert temperature == pytest.approx(2, rel=0.15)
    assert max(map(abs, bias)) < 0.15


def test_the_line_to_the_examiners_score_is_the_isotonic_one():
    rng = np.random.default_rng(1)
    raw = rng.uniform(0, 1, 1200).astype(np.float32)
    seen = np.clip(raw**2 + rng.normal(0, 0.1, 1200), 0, 1).astype(np.float32)
    knots = rising(raw, seen)
    heights = [height for _, height in knots]
    assert heights == sorted(heights)
    oracle = IsotonicRegression(out_of_bounds="clip").fit(raw, seen)
    at = np.linspace(0.05, 0.95, 19)
    found = np.interp(at, [x for x, _ in knots], heights)
    assert np.abs(found - oracle.predict(at)).mean() < 0.05


def test_an_interval_holds_what_it_promises():
    """Grades drawn from the very probabilities that are reported: 80 % of new ones fall inside."""
    rng = np.random.default_rng(2)

    def drawn(count: int) -> tuple[list[np.ndarray], list[Example]]:
        readings, rows = [], []
        for number in range(count):
            probabilities = rng.dirichlet([0.4] * 4, 4).astype(np.float32)
            verdicts = [int(rng.choice(4, p=p / p.sum())) for p in probabilities.astype(np.float64)]
            grade = 100 * float(np.clip(np.mean(np.array([1, 0.5, 0, -0.5])[verdicts]), 0, 1))
            lang = "zh" if number % 2 else "en"
            rows.append(Example("", ("",) * 4, "", tuple(1 << v for v in verdicts), (0.25,) * 4, grade, "", "", lang))
            readings.append(probabilities)
        return readings, rows

    calibration = fit(*drawn(800))
    readings, rows = drawn(800)
    inside = []
    for raw, row in zip(readings, rows, strict=True):
        found = calibration.probabilities(raw, row.lang)
        score, margin = calibration.score(found, row.weights), calibration.margin(found, row.weights)
        inside.append(abs(score - (row.grade or 0)) <= margin)
    assert 0.75 <= np.mean(inside) <= 0.86
    again = Calibration.from_dict(json.loads(json.dumps(calibration.to_dict())))
    assert again.score(found, row.weights) == calibration.score(found, row.weights)


def test_our_own_answers_are_what_their_description_says():
    found = questions()
    rows = written()
    assert len({row.id for row in rows}) == len(rows)
    splits: dict[str, set[str]] = {}
    for row in rows:
        assert len(row.points) == len(found[row.question]["key_points"]), row.id
        assert set(row.points) <= set(LETTERS)
        assert 0 <= row.grade <= 100
        assert row.answer.strip()
        splits.setdefault(row.question, set()).add(row.split)
    assert all(len(names) == 1 for names in splits.values()), "a question's answers all lie in one part"
    tested = {row.answer for row in rows if row.split == "test" and row.kind not in ("echo", "dont_know")}
    assert not tested & {row.answer for row in rows if row.split != "test"}, "and no text of the test part in another"
    assert {split for names in splits.values() for split in names} == {"train", "validation", "test"}
    one = example_of(rows[0], found[rows[0].question], "en")
    assert sum(one.weights) == pytest.approx(1)


def test_held_out_questions_of_the_first_grader_are_never_trained_on():
    text = (Path(__file__).parent / "answers" / "held_out.yaml").read_text(encoding="utf-8")
    held_out = {line.split(": ")[1] for line in text.splitlines() if line.startswith("- question: ")}
    assert not held_out & {row.question for row in written() if row.split != "test"}
