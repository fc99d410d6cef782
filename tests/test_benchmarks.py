"""The benchmarks' arithmetic, against values worked by hand; and retrieval on a corpus small enough to see through."""

import json
import math
import random
from collections.abc import Callable
from itertools import combinations, pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant.search import Search
from assistant.text import claims
from benchmarks import attacks
from benchmarks.retrieval import bank_of, measure, ndcg_at, read_lines, recall_at, reciprocal_rank
from benchmarks.search_scale import nearest
from benchmarks.synthetic import perturbed
from benchmarks.throughput import class_of

RANKING = ["a", "b", "c", "d", "e", "f"]

CORPUS = [
    {
        "id": "en:softmax",
        "lang": "en",
        "question": "Why scale the softmax of attention?",
        "answer": "Gradients vanish.",
    },
    {"id": "en:lora", "lang": "en", "question": "What is the rank in LoRA?", "answer": None},
    {"id": "zh:lora", "lang": "zh", "question": "LoRA 的秩是什么？"},
    {"id": "zh:chunk", "lang": "zh", "question": "怎样选择分块大小？", "answer": "看文档的结构。"},
    {"id": "zh:twin", "lang": "zh", "question": "怎样选择分块的大小？", "answer": ""},
]


def query(
    text: str, lang: str, kinds: list[str], same: tuple[str, ...] = (), cross: tuple[str, ...] = (), **more: object
):
    return {
        "query": text,
        "lang": lang,
        "kinds": kinds,
        "relevant_same_lang": list(same),
        "relevant_cross_lang": list(cross),
        "ignore": [],
        **more,
    }


QUERIES = [
    query("softmax scale in attention", "en", ["en-en"], same=("en:softmax",)),
    query("rank of LoRA", "en", ["en-en", "en-zh"], same=("en:lora",), cross=("zh:lora",)),
    query("怎样选择分块大小？", "zh", ["zh-zh"], same=("zh:twin",), ignore=["zh:chunk"]),
]


@pytest.mark.parametrize(("relevant", "expected"), [({"a"}, 1), ({"c", "e"}, 1 / 3), ({"f"}, 1 / 6), ({"absent"}, 0)])
def test_reciprocal_rank_is_one_over_the_first_relevant_place(relevant, expected):
    assert reciprocal_rank(RANKING, relevant) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("k", "relevant", "expected"),
    [(1, {"a"}, 1), (1, {"a", "b"}, 1 / 2), (5, {"b", "e", "f", "absent"}, 2 / 4), (5, {"f"}, 0)],
)
def test_recall_is_the_share_of_the_relevant_that_is_found(k, relevant, expected):
    assert recall_at(k, RANKING, relevant) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("k", "relevant", "expected"),
    [
        (10, {"a", "b"}, 1),
        (10, {"c"}, 1 / 2),  # log2(4) = 2
        (10, {"a", "c"}, (1 + 1 / 2) / (1 + 0.6309297536)),  # 1 / log2(3) = 0.63093
        (2, {"c"}, 0),
        (1, {"a", "b", "c"}, 1),  # no ranking of one can do better
        (10, {"absent"}, 0),
    ],
)
def test_ndcg_discounts_by_the_logarithm_of_the_place(k, relevant, expected):
    assert ndcg_at(k, RANKING, relevant) == pytest.approx(expected)


def test_retrieval_counts_by_kind_and_language_and_drops_what_is_to_be_ignored(tiny):
    result = measure(Search.open(bank_of(CORPUS, answers=True), tiny), QUERIES)
    assert set(result) == {"lexical", "vectors", "fused"}
    for kinds in result.values():
        assert set(kinds) == {"zh-zh", "en-en", "en-zh"}
        for means in kinds.values():
            assert set(means) == {"mrr", "recall@1", "recall@5", "ndcg@10", "ms"}
            # the twin is second to the question that is ignored; LoRA's Chinese question is behind two English ones
            assert (means["mrr"], means["recall@1"], means["recall@5"], means["ndcg@10"]) == (1, 1, 1, 1)
            assert means["ms"] > 0


def test_a_relevant_question_that_is_not_found_counts_as_nothing(tiny):
    lost = query("softmax", "en", ["en-en", "en-zh"], same=("en:lora", "en:gone"), cross=("zh:gone",))
    result = measure(Search.open(bank_of(CORPUS, answers=False), tiny), [lost])
    assert result["lexical"]["en-en"]["mrr"] == 0
    assert result["vectors"]["en-en"]["recall@5"] == 0.5
    assert result["fused"]["en-zh"]["mrr"] == 0


def test_json_lines_are_read_as_they_stand(tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CORPUS) + "\n", encoding="utf-8")
    assert read_lines(path) == CORPUS


def test_no_answer_of_the_class_comes_twice_and_a_variant_shares_no_claim_with_another(bank):
    rows = class_of(1_000)
    answers = [answer for _, answer in rows]
    assert len(set(answers)) == 1_000
    assert all(question_id in bank for question_id, _ in rows)
    turn = next(number for number, answer in enumerate(answers) if " v1" in answer)  # where answers come again
    rounds = [
        {claim.text for answer in answers[start : start + turn] for claim in claims(answer)}
        for start in range(0, 1_000, turn)
    ]
    assert len(rounds) == 3
    assert [one & other for one, other in combinations(rounds, 2)] == [set(), set(), set()]


def test_brute_force_finds_the_nearest_rows_best_first():
    vectors = perturbed(np.eye(30, 8, dtype=np.float32) + 0.1, np.eye(8, dtype=np.float32), np.random.default_rng(0))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    found = nearest(vectors, vectors[7])
    scores = [float(vectors[row] @ vectors[7]) for row in found]
    assert found[0] == 7
    assert len(set(found)) == 10
    assert all(before >= after for before, after in pairwise(scores))
    assert min(scores) >= max(float(vectors[row] @ vectors[7]) for row in range(30) if row not in found)


def _graded_by(score: Callable[[str], int]) -> Any:
    class Scores:
        version = "by rule"

        def grade_many(self, pairs: Any) -> list[Any]:
            return [SimpleNamespace(score=score(answer)) for _, answer in pairs]

    return Scores()


def test_attacks_catch_a_grader_that_counts_words_and_spare_one_that_gives_everybody_the_same():
    found = attacks.probes(3)
    assert {probe.lang for probe in found} == {"zh", "en"}
    assert all(probe.answer.strip() for probe in found)
    assert all(probe.answer != probe.base for probe in found if probe.family.startswith("bad "))
    by_length = attacks.rates(_graded_by(lambda answer: round(15 * math.log(len(answer)))), found)
    assert by_length["bad four times"] == {"zh": 1.0, "en": 1.0}
    assert by_length["filler"] == {"zh": 1.0, "en": 1.0}
    assert by_length["same in lower case"]["en"] == 0
    constant = attacks.rates(_graded_by(lambda answer: 3), found)
    assert all(rate == 0 for langs in constant.values() for rate in langs.values())


def test_changes_that_say_the_same_change_the_letters_only():
    good = "A hash table maps keys to slots. Collisions are chained. Lookups take constant time on average."
    made = dict(attacks.harmless("en", good, random.Random(1)))
    assert made["same in lower case"] == good.lower()
    assert sorted(made["same in another order"].split()) == sorted(good.split())
    assert (
        dict(attacks.harmless("zh", "哈希表查找很快。", random.Random(1)))["same in traditional characters"]
        == "哈希表查找很快。"
    )
