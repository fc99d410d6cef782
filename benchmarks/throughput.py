"""Rows per second of a batch, against one-by-one encode calls and against the encoder's ceiling.

    python -m benchmarks.throughput [--rows 512] [--sample 12]

The rows are the hand-written answers of tests/answers, many to a question as in a class; where more rows are wanted,
an answer comes again with its sentences in another order and a word more in each clause, so that no claim repeats.
(a) naive: for each row of a sample, question, reference, key points and the answer's claims encoded one by one.
(b) ceiling: the distinct texts that the batch encoded, in one length-sorted call in batches of 32.
Targets: at least 4 times (a), at least 0.6 of (b).
"""

import argparse
import csv
import json
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.bank import Bank, load_bank
from assistant.baseline import BaselineGrader
from assistant.batch import score_file
from assistant.settings import Settings
from assistant.text import claims, detect_lang, sentences
from benchmarks.grading import ANSWERS, written_answers
from models.encoder import BATCH, SentenceEncoder, load_encoder

NAIVE_TARGET, CEILING_TARGET = 4.0, 0.6
CLAUSE_END = re.compile(  # between a character and the mark or word at which an answer may be cut into claims
    r"(?<=[^\s。！？!?；;，,：:—.])(?=[。！？!?；;，,：:—]|\.+[\"')”’]*(?:\s|$)"
    r"|\s+(?:but|whereas|while|however|because|so that)\b|$)"
)
Row = tuple[str, str]  # question id, answer


class Recorder:
    """A SentenceTransformer that remembers the texts it was given."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.texts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def encode(self, texts: list[str], **options: Any) -> Any:
        """Encode, and remember."""
        self.texts += texts
        return self.model.encode(texts, **options)


def variant(answer: str, number: int) -> str:
    """Return the answer for number 0; else its sentences rotated, a word of this number at the end of every clause."""
    if number == 0:
        return answer
    found = [sentence.text for sentence in sentences(answer)]
    return CLAUSE_END.sub(f" v{number}", " ".join(found[number % len(found) :] + found[: number % len(found)]))


def class_of(count: int) -> list[Row]:
    """Return `count` rows, no answer twice."""
    written = {item.answer: item for path in sorted(ANSWERS.glob("*.yaml")) for item in written_answers(path)}
    items = [item for item in written.values() if sentences(item.answer)]
    return [
        (items[i % len(items)].question, variant(items[i % len(items)].answer, i // len(items))) for i in range(count)
    ]


def batch_seconds(rows: Sequence[Row], grader: BaselineGrader, bank: Bank) -> float:
    """Score the rows as a file, as the command line does; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "class.csv", Path(folder) / "scored.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["submission_id", "question_id", "answer"])
            writer.writerows([number, *row] for number, row in enumerate(rows))
        started = time.perf_counter()
        summary = score_file(source, out, grader, bank)
        took = time.perf_counter() - started
    if summary.ok != len(rows):
        raise RuntimeError(f"{summary.errors} of {summary.rows} rows were not graded; the figure would mean nothing.")
    return took


def naive_seconds(rows: Sequence[Row], model: Any, bank: Bank) -> float:
    """Encode what each row needs, text by text; return the seconds per row."""
    started = time.perf_counter()
    for question_id, answer in rows:
        question, lang = bank.get(question_id), detect_lang(answer)
        points = [point.text.in_lang(lang) for point in question.key_points]
        own = [question.question.in_lang(lang), question.reference.in_lang(lang)]
        for text in (*own, *points, *(claim.text for claim in claims(answer))):
            model.encode(text, prompt="query: ", show_progress_bar=False)
    return (time.perf_counter() - started) / len(rows)


def ceiling_seconds(texts: Sequence[str], model: Any) -> float:
    """Encode the texts in one call; return the seconds."""
    started = time.perf_counter()
    model.encode(sorted(texts, key=len), prompt="query: ", batch_size=BATCH, show_progress_bar=False)
    return time.perf_counter() - started


def measure(model: Any, name: str, bank: Bank, rows: Sequence[Row], sample: int) -> dict[str, Any]:
    """Measure all three in one run; the naive way half before and half after the others."""
    recorder = Recorder(model)
    grader = BaselineGrader(SentenceEncoder(recorder, name), bank)
    recorder.texts.clear()  # the grader has encoded its background, once for all batches
    chosen = rows[:: max(1, len(rows) // sample)][:sample]
    half = max(1, len(chosen) // 2)
    before = naive_seconds(chosen[:half], model, bank)
    batch = batch_seconds(rows, grader, bank)
    texts = list(dict.fromkeys(recorder.texts))
    ceiling = ceiling_seconds(texts, model)
    naive = (before + naive_seconds(chosen[half:] or chosen, model, bank)) / 2
    return {
        "rows": len(rows),
        "texts": len(texts),
        "batch_rows_per_s": round(len(rows) / batch, 2),
        "naive_rows_per_s": round(1 / naive, 2),
        "ceiling_rows_per_s": round(len(rows) / ceiling, 2),
        "batch_texts_per_s": round(len(texts) / batch, 1),
        "ceiling_texts_per_s": round(len(texts) / ceiling, 1),
        "times_naive": round(naive * len(rows) / batch, 2),
        "naive_target_at_least": NAIVE_TARGET,
        "of_ceiling": round(ceiling / batch, 3),
        "ceiling_target_at_least": CEILING_TARGET,
        "device": str(model.device),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--sample", type=int, default=12, help="rows that are done the naive way")
    options = parser.parse_args()
    settings, bank = Settings.from_environment(), load_bank()
    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    result = measure(encoder.model, encoder.name, bank, class_of(options.rows), options.sample)
    for name in ("batch", "naive", "ceiling"):
        print(f"{name:8} {result[f'{name}_rows_per_s']:8.2f} rows/s")
    print(json.dumps({"benchmark": "throughput", **result}))


if __name__ == "__main__":
    main()
