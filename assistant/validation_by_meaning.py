"""What a question bank must fulfil that takes an encoder and a grader to see: no two alike, and references that answer.

Cosines are taken after the bank's mean vector is subtracted: raw ones crowd together (every two questions of the bank
reach .84), centred ones are 0 for the unrelated. The thresholds were set on the bank of November 2026 (126 questions,
multilingual-e5-small) against paraphrases written for the purpose.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from assistant.bank import Problem
from assistant.grade import Grader
from assistant.index import VectorIndex
from assistant.question import Lang, Question
from assistant.validation import Validation
from models.encoder import Encoder, Vectors

LANGS: tuple[Lang, ...] = ("zh", "en")
# mean of question and reference, both languages: the bank's nearest pair .49; paraphrased questions .82 up with the
# same reference, .45 to .59 where the reference was written anew from memory as well
SAME_QUESTION = 0.55
SAME_WORDING = 0.72  # of the question alone: the bank's nearest pair .63
SAME_POINT = (
    0.76  # key points of one question: the bank's nearest pair (data drift, concept drift) .72, near copies .78 up
)
BACKGROUND = 20  # questions without which there is no mean to subtract
GRADED_TOGETHER = 16

Progress = Callable[[int, int], None]


def validate_by_meaning(
    found: Validation,
    index: VectorIndex,
    encoder: Encoder,
    grader: Grader,
    progress: Progress = lambda done, total: None,
) -> Validation:
    """Return the findings with those by meaning added: duplicates, key points alike, references that miss key points.

    index: of exactly the questions in found.bank. progress: called with (questions graded, questions in all).
    """
    questions = found.bank.questions
    problems = [*near_duplicates(found, index), *similar_points(found, encoder)]
    warnings: list[Problem] = []
    for start in range(0, len(questions), GRADED_TOGETHER):
        for verdict, problem in reference_findings(found, questions[start : start + GRADED_TOGETHER], grader):
            (warnings if verdict == "partial" else problems).append(problem)
        progress(min(start + GRADED_TOGETHER, len(questions)), len(questions))
    return found.with_more(problems, warnings)


def centred_cosines(vectors: Vectors) -> Vectors:
    """Return the cosines between all rows after their mean is subtracted, shape (rows, rows)."""
    moved = vectors - vectors.mean(axis=0)
    moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    cosines: Vectors = moved @ moved.T
    return cosines


def _mean_cosines(parts: Sequence[Vectors]) -> Vectors:
    total: Vectors = np.mean([centred_cosines(part) for part in parts], axis=0)
    return total


def near_duplicates(found: Validation, index: VectorIndex) -> Iterator[Problem]:
    """Yield a problem for every pair of questions that ask the same; word for word ones have been found before."""
    questions = found.bank.questions
    if len(questions) < BACKGROUND:
        return
    numbers = {(row.field, row.lang, row.question_id): number for number, row in enumerate(index.rows)}
    vectors = index.vectors()
    asked, answered = (
        _mean_cosines([vectors[[numbers[field, lang, q.id] for q in questions]] for lang in LANGS])
        for field in ("question", "reference")
    )
    alike = (asked >= SAME_WORDING) | ((asked + answered) / 2 >= SAME_QUESTION)
    for later, earlier in np.argwhere(np.tril(alike, -1)):
        first, second = questions[earlier].id, questions[later].id
        message = (
            f"asks nearly what '{first}' asks (similarity {asked[later, earlier]:.2f}); merge them or set them apart."
        )
        yield Problem(found.place(second), second, message)


def similar_points(found: Validation, encoder: Encoder) -> Iterator[Problem]:
    """Yield a problem for every two key points of one question that say the same."""
    questions = found.bank.questions
    if len(questions) < BACKGROUND:
        return
    points = [(question, point) for question in questions for point in question.key_points]
    cosines = _mean_cosines([encoder.encode([point.text.in_lang(lang) for _, point in points]) for lang in LANGS])
    for later, earlier in np.argwhere(np.tril(cosines >= SAME_POINT, -1)):
        (question, first), (other, second) = points[earlier], points[later]
        if question.id == other.id:
            yield Problem(
                found.place(question.id),
                question.id,
                f"key points '{first.id}' and '{second.id}' say nearly the same; merge them or set them apart.",
            )


def reference_findings(
    found: Validation, questions: Sequence[Question], grader: Grader
) -> Iterator[tuple[str, Problem]]:
    """Yield (verdict, problem) for every key point that a reference answer does not fully make, by the grader."""
    pairs = [(question, lang) for question in questions for lang in LANGS]
    grades = grader.grade_many([(question, question.reference.in_lang(lang)) for question, lang in pairs])
    for (question, lang), grade in zip(pairs, grades, strict=True):
        for point in grade.points("partial", "missing", "contradicted"):
            how = {"partial": "says only part of", "missing": "does not make", "contradicted": "contradicts"}
            message = f"reference.{lang} {how[point.verdict]} the key point '{point.id}'; mend one of them."
            yield point.verdict, Problem(found.place(question.id), question.id, message)
