import threading
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InputError
from assistant.filters import Filter
from assistant.question import Bilingual
from assistant.search import Lexical, Search, fuse
from tests.examples import make_bank, make_question


def about(number: int, topic: str, zh: str, en: str, **more: object):
    """A question of these words."""
    asked = replace(make_question(number, topic=topic), question=Bilingual(zh, en), **more)
    return replace(asked, reference=Bilingual("", ""))


BANK = make_bank(
    [
        about(0, "rag", "怎样选择分块大小？", "How do you choose the chunk size?", difficulty=1),
        about(1, "rag", "为什么要重排序？", "Why add a reranking step?", difficulty=3, roles=("founder",)),
        about(2, "law", "训练数据的版权问题", "Copyright of training data", difficulty=5, kind="business"),
        about(3, "cnn", "什么是感受野？", "What is the receptive field?", difficulty=2),
        about(4, "rnn", "LSTM 与 RNN 的区别", "LSTM against RNN", difficulty=4),
    ]
)


@pytest.fixture
def search(tiny):
    return Search.open(BANK, tiny)


def ids(hits) -> list[str]:
    return [hit.id for hit in hits]


def test_fusion_is_the_sum_of_reciprocal_ranks_worked_by_hand():
    fused = dict(fuse([(1.0, ["a", "b", "c"]), (0.5, ["c", "a"])]))
    best = 1.5 / 61
    assert fused["a"] == pytest.approx((1 / 61 + 0.5 / 62) / best)
    assert fused["b"] == pytest.approx((1 / 62) / best)
    assert fused["c"] == pytest.approx((1 / 63 + 0.5 / 61) / best)
    assert list(fused) == ["a", "c", "b"]


def test_first_in_every_ranking_scores_one_and_nothing_gives_nothing():
    assert fuse([(1.0, ["a"]), (0.5, ["a", "b"])])[0] == ("a", pytest.approx(1.0))
    assert fuse([(1.0, []), (0.5, [])]) == []


@given(st.lists(st.permutations("abcdef"), min_size=1, max_size=4))
def test_fusion_is_sorted_within_bounds_and_holds_everything(rankings):
    fused = fuse([(1.0, ranking) for ranking in rankings])
    assert {item for item, _ in fused} == set("abcdef")
    assert all(0 < score <= 1.0000001 for _, score in fused)
    assert all(before[1] >= after[1] for before, after in pairwise(fused))


def test_lexical_scores_prefer_the_row_with_the_rarer_word():
    lexical = Lexical(["梯度消失与梯度爆炸", "attention attention weights", "attention and softmax"])
    assert lexical.scores("softmax").argmax() == 2
    assert lexical.scores("梯度").argmax() == 0
    assert lexical.scores("nothing known").tolist() == [0, 0, 0]
    assert Lexical([]).scores("x").tolist() == []


def test_words_in_the_question_find_it_first(search):
    for query, expected in [("chunk size", "rag-0"), ("感受野", "cnn-3"), ("LSTM", "rnn-4"), ("版权", "law-2")]:
        assert ids(search.search(query, 1)) == [expected], query


def test_a_hit_speaks_the_language_of_the_query_and_its_json_has_the_contracts_keys(search):
    hit = search.search("chunk size?", 1)[0]
    assert (hit.lang, hit.question, hit.topic) == ("en", "How do you choose the chunk size?", "rag")
    assert search.search("分块大小怎么选", 1)[0].question == "怎样选择分块大小？"
    assert set(hit.to_dict()) == {"id", "question", "score", "lang", "topic"}
    assert 0 < hit.score <= 1


def test_k_bounds_the_hits_and_each_comes_once(search):
    found = ids(search.search("what is the training data", 3))
    assert len(found) == len(set(found)) == 3
    assert len(search.search("what", 100)) == 5


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Filter(topics=("rag",)), {"rag-0", "rag-1"}),
        (Filter(topics=("rag", "law")), {"rag-0", "rag-1", "law-2"}),
        (Filter(roles=("founder",)), {"rag-1"}),
        (Filter(kinds=("business",)), {"law-2"}),
        (Filter(difficulty=(2, 4)), {"rag-1", "cnn-3", "rnn-4"}),
        (Filter(topics=("rag",), difficulty=(3, 5)), {"rag-1"}),
        (Filter(topics=("no-such-topic",)), set()),
        (Filter(lang="zh"), {"rag-0", "rag-1", "law-2", "cnn-3", "rnn-4"}),
    ],
)
def test_filters_let_exactly_the_fitting_questions_through(search, where, expected):
    assert set(ids(search.search("what is the reranking step in training?", 100, where))) == expected


def test_the_language_filter_shows_and_searches_that_language_only(tiny):
    only_english = about(9, "rag", "", "Why add a reranking step?")
    search = Search.open(make_bank([*BANK, only_english]), tiny)
    found = search.search("reranking", 100, Filter(lang="zh"))
    assert {hit.lang for hit in found} == {"zh"}
    assert "rag-9" not in ids(found)
    assert "rag-9" in ids(search.search("reranking", 100, Filter(lang="en")))


def test_filters_hold_after_the_bank_was_reordered_between_two_starts(tmp_path, tiny):
    Search.open(BANK, tiny, tmp_path)
    turned = Search.open(make_bank(BANK.questions[::-1]), tiny, tmp_path)
    assert ids(turned.search("LSTM", 100, Filter(topics=("rnn",)))) == ["rnn-4"]


@pytest.mark.parametrize("query", ["", "   ", "\n\t", "\u200b\ufeff", "\x00\ud800"])
def test_an_empty_query_is_refused_with_the_remedy(search, query):
    with pytest.raises(InputError, match=r"query is empty; type"):
        search.search(query)


@pytest.mark.parametrize("k", [0, -1, 101])
def test_k_out_of_range_is_quoted(search, k):
    with pytest.raises(InputError, match=f"k is {k}; use 1 to 100"):
        search.search("x", k)


@pytest.mark.parametrize(
    "query", ["?!", "😀", "the of and", "x" * 100_000, "שלום", "<script>", "'; DROP TABLE", "\ud83d chunk"]
)
def test_odd_queries_are_searched_like_any_other(search, query):
    assert len(search.search(query, 5)) == 5


def test_similar_questions_leave_the_question_itself_out(search):
    assert "rag-0" not in ids(search.similar(BANK.get("rag-0"), 3))
    assert len(search.similar(BANK.get("rag-0"), 3)) == 3


def test_an_empty_bank_finds_nothing(tiny):
    assert Search.open(make_bank([]), tiny).search("anything") == []


def test_many_threads_find_what_one_finds(search):
    queries = ["chunk size", "感受野", "LSTM", "版权", "reranking"] * 8
    expected = [search.search(query) for query in queries]
    found: dict[int, list] = {}

    def one(number: int) -> None:
        found[number] = search.search(queries[number])

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(queries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(len(queries))] == expected


# Real questions, real encoder: each language's queries find the questions of a bank that speaks only the other one.
CROSS_LINGUAL = [
    (
        "投机解码为什么能加速？",
        "how does speculative decoding make generation faster?",
        "inference-speculative-decoding",
    ),
    ("RNN 和 LSTM 有什么不同", "difference between RNN and LSTM", "rnn-vs-lstm"),
    ("怎样防御提示注入攻击", "defending against prompt injection attacks", "law-prompt-injection"),
    ("类别不平衡的欺诈检测怎么做", "handling class imbalance in fraud detection", "classic-ml-class-imbalance"),
    ("大模型公司怎么赚钱", "how can a large-model company make money", "business-profit-model"),
    ("LoRA 的原理是什么", "the principle behind LoRA", "peft-lora-principle"),
]


@pytest.mark.parametrize("speaks", ["zh", "en"])
def test_a_query_finds_questions_of_the_other_language(bank, encoder, speaks):
    wanted = [question_id for *_, question_id in CROSS_LINGUAL]
    others = [question.id for question in bank][::6]
    chosen = [bank.get(question_id) for question_id in dict.fromkeys([*wanted, *others])]
    one_language = [
        replace(q, reference=Bilingual("", ""), question=replace(q.question, **{"en" if speaks == "zh" else "zh": ""}))
        for q in chosen
    ]
    search = Search.open(make_bank(one_language), encoder)
    for zh, en, question_id in CROSS_LINGUAL:
        hits = search.search(en if speaks == "zh" else zh, 3)
        assert question_id in ids(hits)
        assert hits[0].lang == speaks
