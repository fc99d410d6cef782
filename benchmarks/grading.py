"""How well the grader ranks hand-written answers; with --fit, the logistic weights of assistant/verdicts.py.

    python -m benchmarks.grading [--fit] [--across] [--answers tests/answers/held_out.yaml]

--across strips the answer's own language from the question, so that Chinese answers meet English key points only and
the reverse. --fit needs scikit-learn (requirements-dev.txt).
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from assistant.bank import load_bank
from assistant.baseline import BaselineGrader
from assistant.grade import Grade
from assistant.prepared import prepare
from assistant.question import Bilingual, Lang, Question
from assistant.settings import Settings
from assistant.text import detect_lang
from assistant.verdicts import best_windows, context_of
from models.encoder import load_encoder

ANSWERS = Path(__file__).resolve().parent.parent / "tests" / "answers"
LOW_KINDS = frozenset({"negated", "keyword_list", "echo", "off_topic", "weather", "dont_know", "instruction", "vague"})


@dataclass(frozen=True)
class WrittenAnswer:
    """One hand-written answer: its kind, a verdict for every key point, a grade 0 to 100."""

    question: str
    lang: Lang
    kind: str
    answer: str
    verdicts: dict[str, str]
    grade: int


def written_answers(path: Path) -> list[WrittenAnswer]:
    """Read a file of written answers."""
    return [WrittenAnswer(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def without_language(question: Question, lang: Lang) -> Question:
    """Return the question as somebody wrote it who has only the other language."""

    def other(text: Bilingual) -> Bilingual:
        return Bilingual("", text.en) if lang == "zh" else Bilingual(text.zh, "")

    points = tuple(replace(point, text=other(point.text)) for point in question.key_points)
    return replace(
        question,
        question=other(question.question),
        reference=other(question.reference),
        key_points=points,
        misconceptions=(),
    )


def grade_all(
    grader: BaselineGrader, questions: dict[str, Question], written: Sequence[WrittenAnswer], across: bool = False
) -> list[Grade]:
    """Grade every written answer, across languages if asked."""
    pairs = []
    for item in written:
        question = questions[item.question]
        pairs.append((without_language(question, detect_lang(item.answer)) if across else question, item.answer))
    return grader.grade_many(pairs)


def summary(written: Sequence[WrittenAnswer], grades: Sequence[Grade]) -> dict[str, Any]:
    """Return correlation with the written grades, interval coverage, verdict agreement, and means by kind."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    agreement: Counter[bool] = Counter()
    for item, grade in zip(written, grades, strict=True):
        by_kind[item.kind].append(grade.score)
        agreement.update(item.verdicts[point.id] == point.verdict for point in grade.key_points)
    wanted = np.array([item.grade for item in written])
    given = np.array([grade.score for grade in grades])
    inside = [grade.interval[0] <= item.grade <= grade.interval[1] for item, grade in zip(written, grades, strict=True)]
    low = [grade.score < 30 for item, grade in zip(written, grades, strict=True) if item.kind in LOW_KINDS]
    return {
        "answers": len(written),
        "pearson": round(float(np.corrcoef(wanted, given)[0, 1]), 3),
        "interval_holds": round(float(np.mean(inside)), 3),
        "point_accuracy": round(agreement[True] / agreement.total(), 3),
        "low_kinds_below_30": f"{sum(low)} of {len(low)}",
        "mean_by_kind": {kind: round(float(np.mean(scores)), 1) for kind, scores in sorted(by_kind.items())},
    }


def fit(
    grader: BaselineGrader, questions: dict[str, Question], written: Sequence[WrittenAnswer], across: bool
) -> dict[str, Any]:
    """Fit the two logistic models on written answers; partial verdicts and keyword lists are left out.

    Swapped concepts and misconceptions are left out of polarity: nothing here sees them, and they would only teach it
    to doubt everything.
    """
    from sklearn.linear_model import LogisticRegression

    rows, labels, kinds, contexts = [], [], [], []
    for item in written:
        question = questions[item.question]
        question = without_language(question, detect_lang(item.answer)) if across else question
        prepared = prepare(question, item.answer)
        windows = grader.aligner.windows(prepared.answer, prepared.kept)
        table = grader.aligner.measure(question, windows)
        best = best_windows(table, windows)
        found = [(row[c[0]], c[1]) for row, c in zip(table, best, strict=True) if c]
        context = context_of([signals for signals, logit in found if logit > 0])
        for point, (signals, _) in zip(question.key_points, found, strict=False):
            rows.append(signals.array())
            labels.append(item.verdicts[point.id])
            kinds.append(item.kind)
            contexts.append(context)
    measured, verdicts, kind = np.array(rows), np.array(labels), np.array(kinds)
    addressed = np.isin(verdicts, ["covered", "contradicted"])
    clear = (verdicts != "partial") & (kind != "keyword_list")
    coverage = LogisticRegression(C=3, class_weight="balanced").fit(measured[clear][:, :5], addressed[clear])
    polar = np.column_stack([measured[:, 5:], measured[:, 3], contexts])
    chosen = addressed & ~np.isin(kind, ["swapped", "misconception"])
    polarity = LogisticRegression(C=1, class_weight="balanced").fit(polar[chosen], verdicts[chosen] == "contradicted")
    return {
        "coverage": coverage.coef_[0].round(2).tolist(),
        "coverage_bias": round(float(coverage.intercept_[0]), 2),
        "polarity, words, context": polarity.coef_[0].round(2).tolist(),
        "polarity_bias": round(float(polarity.intercept_[0]), 2),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--across", action="store_true")
    options = parser.parse_args()
    settings = Settings.from_environment()
    bank = load_bank()
    questions = {question.id: question for question in bank}
    grader = BaselineGrader(load_encoder(settings.data / "models", settings.encoder, settings.device), bank)
    if options.fit:
        written = written_answers(options.answers or ANSWERS / "fit.yaml")
        print(json.dumps(fit(grader, questions, written, options.across)))
        return
    path = options.answers or ANSWERS / "held_out.yaml"
    written = written_answers(path)
    result = summary(written, grade_all(grader, questions, written, options.across))
    for kind, mean in result["mean_by_kind"].items():
        print(f"{kind:28} {mean:6.1f}")
    print(json.dumps({"benchmark": "grading", "file": path.name, "across": options.across, **result}))


if __name__ == "__main__":
    main()
