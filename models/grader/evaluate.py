"""Measure the grader's reader: `python -m models.grader.evaluate --data DIR [--weights FOLDER] [--only own|public]`.

Nothing measured here has been trained or calibrated on: our own test questions, SemEval's unseen questions and domains,
SAF's unseen questions, the Chinese data-structures exam (of no training part at all). Cosine, TF-IDF, lexical recall,
length and a style-only model stand beside it in the same run. DIR holds the public files; see CARD.md.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.encoder import SentenceEncoder, Vectors, load_encoder
from models.grader.calibrate import own_examples, read_examples
from models.grader.calibration import Calibration
from models.grader.examples import ANY, Example, good_references, rows_of, saf
from models.grader.reader import FOLDER, AnswerReader
from models.grader.readings import VERDICTS
from models.grader.style import style_scores

Scorer = Callable[[Sequence[Example]], Vectors]


@dataclass(frozen=True)
class Judge:
    """The calibrated reader as the product uses it."""

    reader: AnswerReader
    calibration: Calibration

    def probabilities(self, examples: Sequence[Example]) -> list[Vectors]:
        """Return (points, 4) calibrated probabilities an example."""
        raw = read_examples(self.reader, examples)
        return [self.calibration.probabilities(r, e.lang) for r, e in zip(raw, examples, strict=True)]

    def scores(self, examples: Sequence[Example]) -> Vectors:
        """Return scores, 0..100."""
        found = self.probabilities(examples)
        scores = [self.calibration.score(p, e.weights) for p, e in zip(found, examples, strict=True)]
        return np.array(scores, dtype=np.float32)


def macro_f1(right: Sequence[int], given: Sequence[int]) -> float:
    """Return the mean F1 over the classes that occur."""
    from sklearn.metrics import f1_score

    return float(f1_score(right, given, average="macro", labels=sorted(set(right)), zero_division=0))


def correlation(given: Vectors, right: Sequence[float]) -> float:
    """Return Pearson's r, 0 where nothing varies."""
    if np.std(given) == 0:
        return 0.0
    return float(np.corrcoef(given, right)[0, 1])


def own_points(judge: Judge, across: bool) -> dict[str, Any]:
    """Key-point macro-F1 by language of the answer, on our test questions."""
    examples = own_examples("test", across)
    found = judge.probabilities(examples)
    result: dict[str, Any] = {}
    for lang in ("zh", "en"):
        pairs = [
            (bits.bit_length() - 1, int(row.argmax()))
            for e, p in zip(examples, found, strict=True)
            if e.lang == lang
            for bits, row in zip(e.verdicts, p, strict=True)
        ]
        right, given = zip(*pairs, strict=True)
        result[lang] = round(macro_f1(right, given), 3)
        result[f"{lang}_by_verdict"] = by_verdict(right, given)
    return result


def by_verdict(right: Sequence[int], given: Sequence[int]) -> dict[str, float]:
    """Return the F1 of every verdict."""
    from sklearn.metrics import f1_score

    scores = f1_score(right, given, average=None, labels=range(len(VERDICTS)), zero_division=0)
    return {verdict: round(float(score), 3) for verdict, score in zip(VERDICTS, scores, strict=True)}


def own_scores(judge: Judge, baselines: dict[str, Scorer]) -> dict[str, Any]:
    """Score against the examiner's grade: r and RMSE, with the intervals' coverage and the baselines' r."""
    examples = own_examples("test")
    right = np.array([e.grade or 0.0 for e in examples])
    found = judge.probabilities(examples)
    given = np.array([judge.calibration.score(p, e.weights) for p, e in zip(found, examples, strict=True)])
    margins = np.array([judge.calibration.margin(p, e.weights) for p, e in zip(found, examples, strict=True)])
    low, high = np.maximum(0, given - margins), np.minimum(100, given + margins)
    kinds = sorted({e.kind for e in examples})
    return {
        "r": round(correlation(given, right.tolist()), 3),
        "rmse": round(float(np.sqrt(np.mean((given - right) ** 2))), 1),
        "interval_holds": round(float(np.mean((low <= right) & (right <= high))), 3),
        "interval_width": round(float(np.mean(high - low)), 1),
        "by_kind": {
            kind: [round(float(part[[e.kind == kind for e in examples]].mean())) for part in (given, right)]
            for kind in kinds
        },
        **{name: round(correlation(score(examples), right.tolist()), 3) for name, score in baselines.items()},
        "style": round(correlation(*style_scores(own_examples("train"), examples)), 3),
    }


def semeval_f1(judge: Judge, path: Path, split: str) -> dict[str, float]:
    """3-way and 2-way macro-F1 of SemEval-2013 task 7; an answer is held against its nearest good reference."""
    rows = [row for row in rows_of(path) if row["split"] == split]
    examples, owner = [], []
    for number, row in enumerate(rows):
        for reference in good_references(row):
            examples.append(
                Example(row["question"], (reference,), row["student_answer"], (ANY,), (1.0,), None, "", "", "en")
            )
            owner.append(number)
    best: dict[int, Vectors] = {}
    for number, found in zip(owner, judge.probabilities(examples), strict=True):
        if number not in best or found[0, 0] > best[number][0]:
            best[number] = found[0]
    p = np.stack([best[number] for number in range(len(rows))])
    three = np.stack([p[:, 0], p[:, 1] + p[:, 2], p[:, 3]], 1).argmax(1)
    names = ("correct", "incorrect", "contradictory")
    right = [names.index(row["label_3way"]) for row in rows]
    two = [int(value > 0.5) for value in p[:, 0]]  # noqa: PLR2004
    return {
        "answers": len(rows),
        "3-way": round(macro_f1(right, three.tolist()), 3),
        "2-way": round(macro_f1([int(value == 0) for value in right], two), 3),
    }


def saf_error(judge: Judge, path: Path, baselines: dict[str, Scorer]) -> dict[str, float]:
    """RMSE (0..1) and r on SAF's unseen questions."""
    examples = saf(path, "unseen_questions")
    right = np.array([(e.grade or 0.0) / 100 for e in examples], dtype=np.float32)
    given: Vectors = (judge.scores(examples) / 100).astype(np.float32)
    return {
        "answers": len(examples),
        "rmse": round(float(np.sqrt(np.mean((given - right) ** 2))), 3),
        "r": round(correlation(given, right.tolist()), 3),
        **{name: round(correlation(score(examples), right.tolist()), 3) for name, score in baselines.items()},
    }


def exam(judge: Judge, path: Path, baselines: dict[str, Scorer]) -> dict[str, float]:
    """Pearson's r on the Chinese data-structures exam, over all answers; none of it is trained on."""
    rows = [row for row in rows_of(path) if row["student_answer"].strip()]
    examples = [
        Example(r["question"], (r["reference1"],), r["student_answer"], (ANY,), (1.0,), None, "", "", "zh")
        for r in rows
    ]
    right = [float(row["score"]) for row in rows]
    return {
        "answers": len(rows),
        "r": round(correlation(judge.scores(examples), right), 3),
        **{name: round(correlation(score(examples), right), 3) for name, score in baselines.items()},
    }


def cosines(encoder: SentenceEncoder) -> Scorer:
    """Score by the cosine of answer and reference."""

    def score(examples: Sequence[Example]) -> Vectors:
        answers = encoder.encode([e.answer for e in examples])
        references = encoder.encode([" ".join(e.points) for e in examples])
        found: Vectors = (answers * references).sum(1)
        return found

    return score


def lexical(kind: str) -> Scorer:
    """Score by TF-IDF cosine ("tfidf") or by the share of the reference's character pairs and words ("recall")."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    def score(examples: Sequence[Example]) -> Vectors:
        texts = [e.answer for e in examples] + [" ".join(e.points) for e in examples]
        matrix = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit_transform(texts)
        answers, references = matrix[: len(examples)], matrix[len(examples) :]
        if kind == "recall":
            answers, references = answers > 0, references > 0
            shared = np.asarray(answers.multiply(references).sum(1)).ravel()
            return np.asarray(shared / np.maximum(1, np.asarray(references.sum(1)).ravel()))
        return np.asarray(answers.multiply(references).sum(1)).ravel()

    return score


def length(examples: Sequence[Example]) -> Vectors:
    """Score by the answer's length."""
    return np.array([len(e.answer.encode()) for e in examples], dtype=np.float32)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path, default=FOLDER)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/interview-assistant/models"))
    options = parser.parse_args()
    encoder = load_encoder(options.cache.expanduser())
    reader = AnswerReader.load(encoder.model, options.weights)
    judge = Judge(reader, Calibration.from_dict(reader.settings["calibration"]))
    baselines = {"cosine": cosines(encoder), "tfidf": lexical("tfidf"), "recall": lexical("recall"), "length": length}
    result: dict[str, Any] = {
        "own key points": own_points(judge, across=False),
        "own key points across": own_points(judge, across=True),
        "own scores": own_scores(judge, baselines),
    }
    print(json.dumps(result, ensure_ascii=False), flush=True)
    if options.data:
        scientsbank, beetle = options.data / "semeval_scientsbank.csv", options.data / "semeval_beetle.csv"
        result["SciEntsBank unseen questions"] = semeval_f1(judge, scientsbank, "test-unseen-questions")
        result["SciEntsBank unseen domains"] = semeval_f1(judge, scientsbank, "test-unseen-domains")
        result["Beetle unseen questions"] = semeval_f1(judge, beetle, "test-unseen-questions")
        result["SAF unseen questions"] = saf_error(judge, options.data / "saf_english.csv", baselines)
        result["Chinese data structures"] = exam(judge, options.data / "zh_ads_part.csv", baselines)
    for name, measures in result.items():
        print(f"{name:32}", json.dumps(measures, ensure_ascii=False))
    print(json.dumps({"evaluation": "models.grader", "version": reader.settings["version"], **result}))


if __name__ == "__main__":
    main()
