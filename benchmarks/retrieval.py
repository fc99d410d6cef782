"""How well search finds questions of other people's banks: lexical, by vectors, and the two fused, as the app does.

    python -m benchmarks.retrieval --corpus corpus.jsonl --queries queries.jsonl [--answers]

corpus: JSON lines {"id", "lang", "question", "answer"}; queries: JSON lines {"query", "lang", "relevant_same_lang",
"relevant_cross_lang", "ignore", "kinds"}. For a kind such as zh-en only rows of the target language are ranked and
`ignore` is dropped before counting. recall@k is the share of the relevant questions among the first k; ms is the mean
over queries, encoding the query included where there are vectors. Encoding the corpus takes minutes on two cores, once:
its vectors are kept in the data folder. --answers indexes the answers too, which takes several times as long.
"""

import argparse
import hashlib
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.bank import Bank
from assistant.filters import Filter
from assistant.question import Bilingual, Lang, Question
from assistant.search import LEXICAL_WEIGHT, Search, fuse
from assistant.settings import Settings
from models.encoder import VectorCache, load_encoder

KINDS = ("zh-zh", "en-en", "zh-en", "en-zh")
MEASURES = ("mrr", "recall@1", "recall@5", "ndcg@10", "ms")


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Return 1 / the place of the first relevant item; 0 where none is ranked."""
    return next((1 / place for place, item in enumerate(ranking, start=1) if item in relevant), 0.0)


def recall_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Return the share of the relevant items among the first k."""
    return sum(item in relevant for item in ranking[:k]) / len(relevant)


def ndcg_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Return the discounted gain of the first k over the best possible; an item is relevant or not."""
    gain = sum(1 / math.log2(place + 1) for place, item in enumerate(ranking[:k], start=1) if item in relevant)
    return gain / sum(1 / math.log2(place + 1) for place in range(1, min(k, len(relevant)) + 1))


def bank_of(corpus: Iterable[dict[str, Any]], answers: bool) -> Bank:
    """Return the corpus as a bank whose questions have one language each."""

    def bilingual(lang: str, text: str) -> Bilingual:
        return Bilingual(text, "") if lang == "zh" else Bilingual("", text)

    questions = tuple(
        Question(
            id=row["id"],
            topic="",
            kind="",
            difficulty=3,
            roles=(),
            question=bilingual(row["lang"], row["question"]),
            reference=bilingual(row["lang"], (row.get("answer") or "") if answers else ""),
            key_points=(),
        )
        for row in corpus
    )
    return Bank(questions, {})


def rankings(search: Search, query: str, target: Lang) -> dict[str, tuple[list[str], float]]:
    """Return each way's ranking and its milliseconds, filtering by language included."""
    clock = [time.perf_counter()]
    allowed = search._allowed_rows(Filter(lang=target))
    clock.append(time.perf_counter())
    words = search._by_words(query, allowed)
    clock.append(time.perf_counter())
    vectors = search._by_vectors(query, allowed)
    clock.append(time.perf_counter())
    fused = [item for item, _ in fuse([(1.0, vectors), (LEXICAL_WEIGHT, words)])]
    clock.append(time.perf_counter())
    filtering, by_words, by_vectors, fusing = (1000 * seconds for seconds in np.diff(clock))
    return {
        "lexical": (words, filtering + by_words),
        "vectors": (vectors, filtering + by_vectors),
        "fused": (fused, filtering + by_words + by_vectors + fusing),
    }


def measure(search: Search, queries: Iterable[dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return {way: {kind: {measure: mean over the queries of that kind}}}."""
    found: dict[str, dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
    for query in queries:
        for kind in query["kinds"]:
            source, target = kind.split("-")
            relevant = set(query["relevant_same_lang" if source == target else "relevant_cross_lang"])
            for way, (ranking, took) in rankings(search, query["query"], target).items():
                ranked = [item for item in ranking if item not in query["ignore"]]
                found[way][kind].append(
                    (
                        reciprocal_rank(ranked, relevant),
                        recall_at(1, ranked, relevant),
                        recall_at(5, ranked, relevant),
                        ndcg_at(10, ranked, relevant),
                        took,
                    )
                )
    return {
        way: {
            kind: dict(zip(MEASURES, np.mean(kinds[kind], axis=0).round(4).tolist(), strict=True))
            for kind in KINDS
            if kind in kinds
        }
        for way, kinds in found.items()
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--answers", action="store_true")
    options = parser.parse_args()
    settings, bank = Settings.from_environment(), bank_of(read_lines(options.corpus), options.answers)
    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    digest = hashlib.sha256(options.corpus.read_bytes()).hexdigest()[:12]
    folder = settings.data / "benchmarks" / f"{digest}{'-answers' if options.answers else ''}"
    print(f"{len(bank)} questions; their vectors are kept in {folder}", file=sys.stderr)
    search = Search.open(bank, encoder, folder)
    encoder.cache = VectorCache(0)  # a query that comes again, for another kind, is timed like the first
    result = measure(search, read_lines(options.queries))
    print(" " * 15 + "".join(f"{name:>10}" for name in MEASURES))
    for way, kinds in result.items():
        for kind, means in kinds.items():
            print(f"{way:8} {kind:6}" + "".join(f"{means[name]:10.3f}" for name in MEASURES))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
