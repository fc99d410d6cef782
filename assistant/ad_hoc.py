"""A question that is in no bank: its key points are the claims of its reference answer."""

import numpy as np

from assistant.errors import InputError
from assistant.question import Bilingual, KeyPoint, Question
from assistant.text import MAX_ANSWER, claims, clean, detect_lang, sentences, terms

DERIVED_POINTS = 6


def ad_hoc_question(prompt: str, reference: str) -> Question:
    """Make a question from a prompt and a reference answer; its key points are the claims of the reference.

    Raises InputError for an empty or over-long prompt or reference.
    """
    for name, text in (("question", prompt), ("reference answer", reference)):
        if not any(char.isalnum() for char in text):
            raise InputError(f"The {name} is empty; give its text.")
        if len(text) > MAX_ANSWER:
            raise InputError(f"The {name} has {len(text):,} characters; at most {MAX_ANSWER:,} are taken.")
    prompt, reference = clean(prompt).strip(), clean(reference).strip()
    points = tuple(
        KeyPoint(f"point-{number}", max(1, min(5, round(len(terms(text)) / 4))), _in_own_language(text))
        for number, text in enumerate(_derived_points(reference), start=1)
    )
    return Question(
        id="",
        topic="",
        kind="concept",
        difficulty=3,
        roles=(),
        question=_in_own_language(prompt),
        reference=_in_own_language(reference),
        key_points=points,
    )


def _in_own_language(text: str) -> Bilingual:
    return Bilingual(text, "") if detect_lang(text) == "zh" else Bilingual("", text)


def _derived_points(reference: str) -> list[str]:
    """Return 1 to DERIVED_POINTS claims of a reference, neighbours joined where it has more."""
    found = sentences(reference)
    if len(found) == 1:
        found = claims(reference)
    groups = np.array_split(np.arange(len(found)), min(DERIVED_POINTS, len(found)))
    return [reference[found[group[0]].start : found[group[-1]].end] for group in groups]
