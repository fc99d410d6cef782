"""Which part of an answer speaks to which key point, and how strongly: the numbers that grading decides on.

A raw cosine says little (FACTS: a good answer .96, the weather .83), so every similarity is taken relative to what the
same words are to other questions' key points and to the question itself, and words are counted beside vectors.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter

import numpy as np

from assistant.bank import Bank
from assistant.polarity import antonyms_exchanged, negated_form, negation_excess, term_mismatch
from assistant.question import KeyPoint, Lang, Question
from assistant.text import Claim, claims, detect_lang, sentences, term_set, terms
from models.encoder import Encoder, Vectors

LANGS: tuple[Lang, ...] = ("zh", "en")
JOINED = 3  # neighbouring claims that one window may span
NEAREST = 5  # background key points that a window must beat


@dataclass(frozen=True)
class Background:
    """One key point of every question, by language: what any text on the subject resembles anyway. And term rarity."""

    ids: tuple[str, ...]
    vectors: dict[Lang, Vectors]
    documents: int
    frequency: Counter[str]

    @classmethod
    def of(cls, bank: Bank, encoder: Encoder) -> "Background":
        """Encode the background of a bank; shapes (questions, dimension) a language."""
        points = [question.key_points[0].text for question in bank]
        frequency: Counter[str] = Counter()
        for question in bank:
            for lang in LANGS:
                frequency.update(term_set(getattr(question.reference, lang)))
        vectors = {lang: encoder.encode([point.in_lang(lang) for point in points]) for lang in LANGS}
        return cls(tuple(question.id for question in bank), vectors, 2 * len(bank), frequency)

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a term, above 0."""
        return math.log((self.documents + 1) / (self.frequency[term] + 0.5))

    def similarities(self, vectors: Vectors, lang: Lang, question_id: str) -> Vectors:
        """Return cosines of shape (len(vectors), background), the question's own key point left out."""
        others = np.array([name != question_id for name in self.ids], dtype=bool)
        found: Vectors = (vectors @ self.vectors[lang].T)[:, others]
        return found


@dataclass(frozen=True)
class Window:
    """One to JOINED neighbouring claims of an answer; answer[start:end] == text."""

    start: int
    end: int
    text: str
    lang: Lang
    vector: Vectors


@dataclass(frozen=True)
class Signals:
    """What a window has to say about a key point. All are near 0 when they say nothing.

    over_background: cosine less the mean of the NEAREST unrelated key points'; deviation: cosine in standard
    deviations over unrelated key points, less 4, over 4; over_question: cosine less the question's, over what echoes;
    words: 0..1, rarity-weighted share of the key point's own terms in the window; words_answer: the same in the whole
    answer. The rest is polarity: see polarity.py; negated_nearer: cosine with the negated key point, less with it;
    misconception: cosine with the nearest misconception of the point, less with the point.
    """

    over_background: float
    deviation: float
    over_question: float
    words: float
    words_answer: float
    term_mismatch: float
    negation_excess: float
    antonyms: float
    negated_nearer: float
    misconception: float
    across: bool = False  # the window and the key point are in different languages
    derived: bool = False  # the key point is a piece of a reference, of any subject

    def array(self) -> Vectors:
        """Return the signals in field order, float32."""
        return np.array(_NUMBERS(self), dtype=np.float32)


_NUMBERS = attrgetter(*(field.name for field in fields(Signals)[:-2]))


def windows_of(answer: str, found: Sequence[Claim], encoder: Encoder) -> list[Window]:
    """Return claims and runs of neighbouring claims; a run's vector is its claims' mean weighted by length.

    Only the claims are encoded: with mean pooling, the mean of parts stands for the whole at no further cost.
    """
    vectors = encoder.encode([claim.text for claim in found])
    lengths = np.array([max(4, len(terms(claim.text))) for claim in found], dtype=np.float32)
    windows = []
    for size in range(1, JOINED + 1):
        for i in range(len(found) - size + 1):
            part = slice(i, i + size)
            mean = (vectors[part] * lengths[part, None]).sum(axis=0)
            start, end = found[i].start, found[i + size - 1].end
            text = answer[start:end]
            windows.append(Window(start, end, text, detect_lang(text), mean / np.linalg.norm(mean)))
    return windows


def point_text(question: Question, point: KeyPoint, lang: Lang) -> tuple[str, Lang]:
    """Return the key point in `lang`, or in the language it has."""
    text = getattr(point.text, lang)
    if text:
        return text, lang
    return point.text.in_lang(lang), "en" if lang == "zh" else "zh"


@lru_cache(maxsize=20_000)
def _claim_texts(text: str) -> tuple[str, ...]:
    return tuple(claim.text for claim in claims(text))


def _own_terms(text: str, asked: str) -> frozenset[str]:
    """The terms of a text that the question does not give away; all of them where it gives away all."""
    found = term_set(text)
    return (found - term_set(asked)) or found


class Aligner:
    """Measures answers against questions; keeps nothing between answers but the encoder's cache."""

    def __init__(self, encoder: Encoder, background: Background) -> None:
        self.encoder, self.background = encoder, background

    def windows(self, answer: str, kept: Sequence[Claim] | None = None) -> list[Window]:
        """Return the windows of an answer, or of those of its claims that count."""
        found = claims(answer) if kept is None else kept
        return windows_of(answer, found, self.encoder) if found else []

    def shares(self, text: str, wanted: frozenset[str]) -> float:
        """Return 0..1: the rarity-weighted share of the wanted terms that the text has."""
        total = sum(self.background.rarity(term) for term in wanted)
        return sum(self.background.rarity(term) for term in wanted & term_set(text)) / total if total else 0.0

    def texts_needed(self, question: Question, langs: Sequence[Lang]) -> list[str]:
        """Return every text of the question that measuring an answer in these languages will encode."""
        needed: list[str] = []
        for lang in langs:
            needed.append(question.question.in_lang(lang))
            for point in question.key_points:
                text, actual = point_text(question, point, lang)
                needed += [text, negated_form(text, actual)]
            needed += [note.text.in_lang(lang) for note in question.misconceptions]
            needed += [sentence.text for sentence in sentences(question.reference.in_lang(lang))]
        return needed

    def measure(self, question: Question, windows: Sequence[Window]) -> list[list[Signals]]:
        """Return signals[point][window] for every key point and window."""
        if not windows:
            return [[] for _ in question.key_points]
        langs: list[Lang] = sorted({window.lang for window in windows})
        texts = self.texts_needed(question, langs)
        vectors = dict(zip(texts, self.encoder.encode(texts), strict=True))
        table: list[list[Signals | None]] = [[None] * len(windows) for _ in question.key_points]
        whole = " ".join(window.text for window in windows)
        for lang in langs:
            numbers = [i for i, window in enumerate(windows) if window.lang == lang]
            stacked = np.stack([windows[i].vector for i in numbers])
            background = {key: self.background.similarities(stacked, key, question.id) for key in LANGS}
            for row, point in zip(table, question.key_points, strict=True):
                found = self._signals(question, point, lang, [windows[i] for i in numbers], background, vectors, whole)
                for i, signals in zip(numbers, found, strict=True):
                    row[i] = signals
        return [[signals for signals in row if signals is not None] for row in table]

    def _signals(
        self,
        question: Question,
        point: KeyPoint,
        lang: Lang,
        windows: Sequence[Window],
        background: dict[Lang, Vectors],
        vectors: dict[str, Vectors],
        whole: str,
    ) -> list[Signals]:
        text, actual = point_text(question, point, lang)
        asked = question.question.in_lang(lang)
        stacked = np.stack([window.vector for window in windows])
        cosine = stacked @ vectors[text]
        others = background[actual]
        nearest = np.sort(others, axis=1)[:, -NEAREST:].mean(axis=1)
        deviation = (cosine - others.mean(axis=1)) / np.maximum(others.std(axis=1), 1e-3)
        negated = stacked @ vectors[negated_form(text, actual)]
        false = [vectors[n.text.in_lang(lang)] for n in question.misconceptions if n.key_point == point.id]
        nearest_false = (stacked @ np.stack(false).T).max(axis=1) if false else cosine - 0.05
        over_question = cosine - stacked @ vectors[asked]
        said = self._said_elsewhere(question, text, lang, vectors)
        own = _own_terms(text, asked)
        words_answer = self.shares(whole, own)
        cores = [self._core(window, own) for window in windows]
        return [
            Signals(
                over_background=float(cosine[i] - nearest[i]) * 20,
                deviation=float(deviation[i] - 4) / 4,
                over_question=float(over_question[i]) * 20,
                words=self.shares(window.text, own),
                words_answer=words_answer,
                term_mismatch=min(term_mismatch(core, form, actual) for form in (text, *said)),
                negation_excess=min(negation_excess(core, lang, form, actual) for form in (text, *said)),
                antonyms=antonyms_exchanged(window.text, text),
                negated_nearer=float(negated[i] - cosine[i]) * 20,
                misconception=float(nearest_false[i] - cosine[i]) * 20,
                across=actual != lang,
                derived=not question.id,
            )
            for i, (window, core) in enumerate(zip(windows, cores, strict=True))
        ]

    def _said_elsewhere(self, question: Question, text: str, lang: Lang, vectors: dict[str, Vectors]) -> list[str]:
        """The reference's sentence that is nearest to a key point: the same claim in other words."""
        found = [sentence.text for sentence in sentences(question.reference.in_lang(lang))]
        return [max(found, key=lambda sentence: float(vectors[sentence] @ vectors[text]))] if found else []

    def _core(self, window: Window, wanted: frozenset[str]) -> str:
        """The claim of a window that has most of the wanted terms: where its polarity is read."""
        parts = _claim_texts(window.text)
        return max(parts, key=lambda part: self.shares(part, wanted)) if len(parts) > 1 else window.text
