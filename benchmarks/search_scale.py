"""Search latency and recall@10 at 1,000, 10,000 and 100,000 questions, beside exact search by brute force in numpy.

    python -m benchmarks.search_scale [--sizes 1000 10000 100000] [--queries 100]

Synthetic questions: each takes a question of the bank, its four vectors moved by noise of the bank's own covariance
and normalised again, its texts mixed from clauses of the bank. A question has four rows (zh and en, text and
reference), so the graph that takes over at 50,000 vectors answers from 12,500 questions on. Queries are drawn like
questions; encoding them is left out: it costs the same at every size. `search` is the whole of Search.search, `vectors`
and `words` are its two rankings. The largest size takes minutes to build.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from assistant.bank import load_bank
from assistant.index import VectorIndex, new_faiss, open_index, rows_of
from assistant.search import CANDIDATES, Search
from assistant.settings import Settings
from benchmarks.synthetic import GivenVector, Synthetic, synthetic
from models.encoder import Vectors, load_encoder

AT = 10
COLUMNS = ("questions", "vectors", "index_build_s", "words_build_s", f"recall@{AT}")
TIMED = ("vectors", "words", "search", "brute_force")


def seconds(action: Callable[[], Any]) -> tuple[Any, float]:
    """Run once; return its result and how long it took."""
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def nearest(vectors: Vectors, query: Vectors) -> list[int]:
    """Return the rows of the AT nearest vectors, best first, by looking at every one."""
    scores = vectors @ query
    best = np.argpartition(-scores, AT)[:AT]
    return [int(row) for row in best[np.argsort(-scores[best])]]


def new_index(made: Synthetic) -> VectorIndex:
    """Build the index as the app would: exact or graph, by the number of vectors."""
    faiss_index = new_faiss(made.vectors.shape[1], len(made.vectors))
    faiss_index.add(made.vectors)
    return VectorIndex(GivenVector.name, "", tuple(rows_of(made.bank)[0]), faiss_index)


def ask(made: Synthetic, search: Search, encoder: GivenVector) -> tuple[float, dict[str, list[float]]]:
    """Ask every query in every way; return recall and the seconds that each took."""
    times: dict[str, list[float]] = {name: [] for name in TIMED}
    shared = 0
    for text, vector in zip(made.texts, made.asked, strict=True):
        encoder.vector = vector
        ways: dict[str, Callable[[], Any]] = {
            "vectors": partial(search.index.search, vector, 4 * CANDIDATES),
            "words": partial(search._by_words, text, None),
            "search": partial(search.search, text, AT),
            "brute_force": partial(nearest, made.vectors, vector),
        }
        found = {}
        for name, way in ways.items():
            found[name], took = seconds(way)
            times[name].append(took)
        shared += len({row for row, _ in found["vectors"][:AT]} & set(found["brute_force"]))
    return shared / (AT * len(made.texts)), times


def quantiles(name: str, times: Sequence[float]) -> dict[str, float]:
    """Return p50 and p95 in milliseconds."""
    return {f"{name}_p{q}_ms": round(float(np.percentile(times, q)) * 1000, 3) for q in (50, 95)}


def measure(made: Synthetic) -> dict[str, Any]:
    """Build a search over the synthetic questions and ask it."""
    index, index_build = seconds(lambda: new_index(made))
    encoder = GivenVector(made.vectors.shape[1])
    search, words_build = seconds(lambda: Search(made.bank, encoder, index))
    recall, times = ask(made, search, encoder)
    result = {
        "questions": len(made.bank),
        "vectors": len(made.vectors),
        "index": type(index.faiss).__name__,
        "index_build_s": round(index_build, 2),
        "words_build_s": round(words_build, 2),
        f"recall@{AT}": round(recall, 4),
    }
    for name in TIMED:
        result |= quantiles(name, times[name])
    return result


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    settings, bank = Settings.from_environment(), load_bank()
    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    known = open_index(bank.questions, bank.hash, encoder, settings.data / "index").vectors()
    print(" ".join(f"{name:>13}" for name in (*COLUMNS, *(f"{name} p50" for name in TIMED), "search p95")), "(ms)")
    results = []
    for size in options.sizes:
        results.append(measure(synthetic(bank, known, size, options.queries)))
        shown = (*COLUMNS, *(f"{name}_p50_ms" for name in TIMED), "search_p95_ms")
        print(" ".join(f"{results[-1][name]:13}" for name in shown), flush=True)
    print(json.dumps({"benchmark": "search_scale", "queries": options.queries, "sizes": results}))


if __name__ == "__main__":
    main()
