"""Milliseconds to grade one answer, against one call of the encoder on the same answer.

    python -m benchmarks.latency [--answers N]

Every hand-written answer of tests/answers/held_out.yaml once, graded and encoded one right after the other, the first
of the two by turns. The questions' own texts are in the encoder's cache, as in an app that runs; the answers are not.
Target: a median of at most 4 times.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from assistant.bank import load_bank
from assistant.baseline import BaselineGrader
from assistant.grade import Grader
from assistant.question import Question
from assistant.settings import Settings
from benchmarks.grading import ANSWERS, WrittenAnswer, written_answers
from models.encoder import SentenceEncoder, load_encoder

TARGET = 4.0


def milliseconds(action: Callable[[], object]) -> float:
    """Run once; return how long it took."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def warm(grader: Grader, questions: Sequence[Question]) -> None:
    """Grade the reference answers, so that the questions' texts are in the cache."""
    for question in questions:
        grader.grade_many([(question, question.reference.zh), (question, question.reference.en)])


def measure(
    encoder: SentenceEncoder, grader: Grader, pairs: Sequence[tuple[Question, WrittenAnswer]]
) -> list[tuple[float, float]]:
    """Return milliseconds (graded, encoded) of every answer."""
    prompt = encoder.model.prompts.get("query") or ""
    found = []
    encode_one = partial(encoder.model.encode, prompt=prompt, normalize_embeddings=True, show_progress_bar=False)
    for number, (question, item) in enumerate(pairs):
        grade, encode = partial(grader.grade, question, item.answer), partial(encode_one, [item.answer])
        if number % 2:
            graded, encoded = milliseconds(grade), milliseconds(encode)
        else:
            encoded, graded = milliseconds(encode), milliseconds(grade)
        found.append((graded, encoded))
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, help="only the first N")
    limit = parser.parse_args().answers
    settings, bank = Settings.from_environment(), load_bank()
    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    grader = BaselineGrader(encoder, bank)
    distinct = {item.answer: item for item in written_answers(ANSWERS / "held_out.yaml")}
    pairs = [(bank.get(item.question), item) for item in distinct.values()][:limit]
    warm(grader, list(dict.fromkeys(question for question, _ in pairs)))
    times = np.array(measure(encoder, grader, pairs))
    ratios = times[:, 0] / times[:, 1]
    print(f"{'ms':8} {'p50':>8} {'p95':>8}")
    for name, column in (("graded", times[:, 0]), ("encoded", times[:, 1]), ("ratio", ratios)):
        print(f"{name:8} {np.percentile(column, 50):8.2f} {np.percentile(column, 95):8.2f}")
    result = {
        "benchmark": "latency",
        "answers": len(pairs),
        "grade_ms": round(float(np.median(times[:, 0])), 2),
        "grade_p95_ms": round(float(np.percentile(times[:, 0], 95)), 2),
        "encode_ms": round(float(np.median(times[:, 1])), 2),
        "ratio": round(float(np.median(ratios)), 3),
        "target_at_most": TARGET,
        "device": encoder.device,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
