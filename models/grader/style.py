"""What an answer's style alone gives away: a model without meaning, to prove that our data does not reward style."""

import re
from collections.abc import Sequence

import numpy as np

from models.encoder import Vectors
from models.grader.examples import Example, questions

# kinds that are style by nature: they are left out on both sides
BY_NATURE = frozenset({"dont_know", "echo", "keyword_list"})
_NEGATIONS = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|without|cannot|hardly|\w+n['’]t|dont|doesnt|isnt|cant|wont)\b"
    r"|不|没|無|未|别|勿|非|无",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Za-z][\w-]+|[\u3400-\u9fff]{2}")
_ENDS = re.compile(r"[。！？!?\n]+|\.(?=\s|$)")
RARE = 8  # a term that stands in key points of more questions than this is no keyword


def keywords() -> frozenset[str]:
    """Return the terms of all questions' key points that are not common: the subject's vocabulary."""
    counts: dict[str, int] = {}
    for question in questions().values():
        terms = {
            w for point in question["key_points"] for lang in ("zh", "en") for w in _WORDS.findall(point[lang].lower())
        }
        for term in terms:
            counts[term] = counts.get(term, 0) + 1
    return frozenset(term for term, count in counts.items() if count <= RARE)


def style(example: Example, vocabulary: frozenset[str]) -> list[float]:
    """Return length, sentences, sentence length, negations, negation density, punctuation, keyword density."""
    text = example.answer
    words = _WORDS.findall(text.lower())
    width = max(1, len(words))
    sentences = max(1, len([part for part in _ENDS.split(text) if part.strip()]))
    negations = len(_NEGATIONS.findall(text))
    density = sum(word in vocabulary for word in words) / width
    marks = [len(re.findall(marks, text)) for marks in (r"[,，、;；:：]", r"[!！?？]", r"[（(—-]")]
    return [width, sentences, width / sentences, negations, negations / width, *marks, density, example.lang == "zh"]


def style_scores(train: Sequence[Example], test: Sequence[Example]) -> tuple[Vectors, list[float]]:
    """Return (grades that boosted trees predict from style, the grades given) for the test answers."""
    from sklearn.ensemble import GradientBoostingRegressor

    vocabulary = keywords()
    kept = [[e for e in part if e.kind not in BY_NATURE] for part in (train, test)]
    learned, asked = ([style(e, vocabulary) for e in part] for part in kept)
    model = GradientBoostingRegressor(n_estimators=150, max_depth=3, subsample=0.8, random_state=1)
    model.fit(learned, [e.grade for e in kept[0]])
    return np.asarray(model.predict(asked), dtype=np.float32), [e.grade or 0.0 for e in kept[1]]
