"""Find questions by meaning and by words: FAISS and BM25, fused by reciprocal rank."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np

from assistant.bank import Bank
from assistant.errors import InputError
from assistant.filters import Filter
from assistant.index import VectorIndex, open_index, rows_of
from assistant.question import Lang, Question
from assistant.text import clean, detect_lang, search_terms
from models.encoder import Encoder

RRF_CONSTANT = 60  # Cormack, Clarke and Buettcher, SIGIR 2009
CANDIDATES = 50  # questions that each ranking hands to the fusion
ROWS_PER_QUESTION = 4  # text and reference in two languages
MAX_QUERY = 2_000  # characters
REFERENCE_WEIGHT = 0.97  # a query is a question more often than an answer: reference cosines count a little less
LEXICAL_WEIGHT = 0.2  # words are the weaker ranking (MRR .15 to .53 against .44 to .76)


@dataclass(frozen=True)
class Hit:
    """One question found; score is 0 to 1, 1 when both rankings put it first."""

    id: str
    question: str
    score: float
    lang: Lang
    topic: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.id,
            "question": self.question,
            "score": round(self.score, 4),
            "lang": self.lang,
            "topic": self.topic,
        }


def fuse(rankings: Sequence[tuple[float, Sequence[str]]]) -> list[tuple[str, float]]:
    """Fuse weighted rankings by reciprocal rank; the scores are relative to first place in all of them."""
    scores: dict[str, float] = {}
    for weight, ranking in rankings:
        for place, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (RRF_CONSTANT + place)
    best = sum(weight for weight, _ in rankings) / (RRF_CONSTANT + 1)
    return sorted(((item, min(1.0, score / best)) for item, score in scores.items()), key=lambda pair: -pair[1])


class Lexical:
    """BM25 over the terms of the rows, Chinese cut into words and character pairs."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._vocabulary: dict[str, int] = {}
        ids = [self._ids(text, grow=True) for text in texts]
        self._bm25 = bm25s.BM25(method="lucene")
        self._count = len(texts)
        if self._vocabulary:
            self._bm25.index((ids, self._vocabulary), show_progress=False)

    def _ids(self, text: str, grow: bool = False) -> list[int]:
        found = search_terms(text)
        if grow:
            return [self._vocabulary.setdefault(term, len(self._vocabulary)) for term in found]
        return [self._vocabulary[term] for term in found if term in self._vocabulary]

    def scores(self, query: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return one BM25 score a row; zeros where no term is known."""
        ids = self._ids(query)
        if not ids:
            return np.zeros(self._count, dtype=np.float32)
        return np.asarray(self._bm25.get_scores_from_ids(ids), dtype=np.float32)


class Search:
    """Search over one bank; immutable, so that a changed bank gets a new one while the old still answers."""

    def __init__(self, bank: Bank, encoder: Encoder, index: VectorIndex) -> None:
        self.bank, self.encoder, self.index = bank, encoder, index
        rows, texts = rows_of(bank)
        self._rows = rows
        self._lexical = Lexical(texts)

    @classmethod
    def open(cls, bank: Bank, encoder: Encoder, folder: Path | None = None) -> "Search":
        """Open the search over a bank, with its index stored in `folder`."""
        return cls(bank, encoder, open_index(bank.questions, bank.hash, encoder, folder))

    def search(self, query: str, k: int = 5, where: Filter | None = None) -> list[Hit]:
        """Return up to k questions, best first; raise InputError for an empty query or k out of 1..100."""
        query = clean(query)[:MAX_QUERY].strip()
        if not query:
            raise InputError("The query is empty; type a few words of the question you look for.")
        if not 1 <= k <= 100:  # noqa: PLR2004
            raise InputError(f"k is {k}; use 1 to 100.")
        where = where or Filter()
        allowed = self._allowed_rows(where)
        ranked = fuse([(1.0, self._by_vectors(query, allowed)), (LEXICAL_WEIGHT, self._by_words(query, allowed))])
        shown = where.lang or detect_lang(query)
        return [self._hit(question_id, score, shown) for question_id, score in ranked[:k]]

    def similar(self, question: Question, k: int = 5) -> list[Hit]:
        """Return the questions nearest to this one, itself left out."""
        hits = self.search(question.question.in_lang("en"), k + 1)
        return [hit for hit in hits if hit.id != question.id][:k]

    def _hit(self, question_id: str, score: float, lang: Lang) -> Hit:
        question = self.bank.get(question_id)
        if not getattr(question.question, lang):
            lang = "en" if lang == "zh" else "zh"
        return Hit(question_id, question.question.in_lang(lang), score, lang, question.topic)

    def _allowed_rows(self, where: Filter) -> list[int] | None:
        if where == Filter():
            return None
        chosen = {q.id for q in self.bank.select(where.topics, where.roles, where.kinds, where.difficulty)}
        return [
            number
            for number, row in enumerate(self._rows)
            if row.question_id in chosen and where.lang in (None, row.lang)
        ]

    def _by_vectors(self, query: str, allowed: list[int] | None) -> list[str]:
        vector = self.encoder.encode([query], role="query")[0]
        found = self.index.search(vector, CANDIDATES * ROWS_PER_QUESTION, allowed)
        weighted = (
            (self.index.rows[number], score * (REFERENCE_WEIGHT if self.index.rows[number].field == "reference" else 1))
            for number, score in found
        )
        return _best_questions((row.question_id, score) for row, score in weighted)

    def _by_words(self, query: str, allowed: list[int] | None) -> list[str]:
        scores = self._lexical.scores(query)
        numbers = np.flatnonzero(scores > 0) if allowed is None else np.asarray(allowed, dtype=np.int64)
        if len(numbers) > CANDIDATES * ROWS_PER_QUESTION:  # sorting every row would take longest of all
            top = np.argpartition(-scores[numbers], CANDIDATES * ROWS_PER_QUESTION)
            numbers = numbers[top[: CANDIDATES * ROWS_PER_QUESTION]]
        return _best_questions((self._rows[n].question_id, float(scores[n])) for n in numbers if scores[n] > 0)


def _best_questions(scored: Iterable[tuple[str, float]]) -> list[str]:
    """Return question ids by their best row, CANDIDATES at most."""
    best: dict[str, float] = {}
    for question_id, score in scored:
        best[question_id] = max(score, best.get(question_id, score))
    return sorted(best, key=lambda item: -best[item])[:CANDIDATES]
