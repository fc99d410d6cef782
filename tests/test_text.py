import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InputError
from assistant.text import MAX_ANSWER, check_answer, claims, clean, detect_lang, search_terms, sentences, stem, terms

# sentences, clauses, bullets, numbers and odd characters, in any order
PIECES = st.sampled_from(
    [
        *("注意力", "机制", "是", "模型。", "attention ", "weights ", "sum to one", "e.g. ", "0.5 ", "GPT-4 ", "3.14"),
        *(
            "。",
            "；",
            ". ",
            "! ",
            "？",
            "，",
            ", ",
            "——",
            "\n",
            "\r\n",
            "\n\n",
            "   ",
            "\t",
            "1. ",
            "2、",
            "- ",
            "• ",
            "①",
            "(3)",
        ),
        *("”", ")", '"', "...", "。。。", ":", "：", " but ", " because ", "\ufeff", "\u200b", "\ud800", "😀", "שלום"),
    ]
)
answers = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join))


@pytest.mark.parametrize("split", [sentences, claims])
@given(answer=answers)
def test_claims_are_exact_slices_in_order_without_overlap(split, answer):
    end = 0
    for claim in split(answer):
        assert answer[claim.start : claim.end] == claim.text
        assert claim.start >= end
        assert claim.text == claim.text.strip() != ""
        end = claim.end


@given(answer=answers)
def test_no_letter_falls_between_claims(answer):
    inside = {at for claim in claims(answer) for at in range(claim.start, claim.end)}
    assert {at for at, char in enumerate(answer) if char.isalpha()} <= inside


@given(answer=answers)
def test_claims_lie_inside_sentences(answer):
    whole = sentences(answer)
    for claim in claims(answer):
        assert any(sentence.start <= claim.start and claim.end <= sentence.end for sentence in whole)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("注意力按权重求和。权重由 softmax 得到！", ["注意力按权重求和。", "权重由 softmax 得到！"]),
        ("Use a rate of 0.5. Then stop.", ["Use a rate of 0.5.", "Then stop."]),
        ("Some tricks, e.g. dropout, help. Others don't.", ["Some tricks, e.g. dropout, help.", "Others don't."]),
        ("1. First point\n2. Second point", ["First point", "Second point"]),
        ("一、先\n- 清洗数据\n• 去重\n（3）切分", ["一、先", "清洗数据", "去重", "切分"]),
        ("1. Clean it. 2. Train it.", ["Clean it.", "Train it."]),
        ("3.5 billion parameters", ["3.5 billion parameters"]),
        ("他说：“要去重。”然后训练。", ["他说：“要去重。”", "然后训练。"]),
        ("...\n\n。。。\n---", []),
        ("", []),
        ("no end mark", ["no end mark"]),
    ],
)
def test_sentences_end_where_a_reader_says(answer, expected):
    assert [claim.text for claim in claims(answer)] == expected


def test_a_long_sentence_is_cut_at_commas_and_a_short_one_is_not():
    short = "数据要清洗，也要去重。"
    assert len(claims(short)) == 1
    long = "，".join(
        ["训练数据需要先经过清洗去重和质量过滤", "然后按照来源和语言控制采样比例", "最后切分成训练集验证集和测试集"] * 2
    )
    assert len(claims(long)) > 2
    assert "".join(claim.text for claim in claims(long)) == long


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("注意力机制是什么？", "zh"),
        ("What is attention?", "en"),
        ("LoRA 的秩怎么选，alpha 又该怎么设？", "zh"),
        ("用 FlashAttention 可以减少显存读写，所以更快", "zh"),
        ("KV cache 是什么", "zh"),
        ("什么是 RAG", "zh"),
        ("The word 注意力 means attention in Chinese, and this sentence is English", "en"),
        ("In Chinese one says 过拟合 for overfitting when the model memorises its training data", "en"),
        ("Qu'est-ce que l'attention ?", "en"),
        ("12345", "en"),
        ("", "en"),
        ("😀😀", "en"),
        ("对", "zh"),
    ],
)
def test_the_language_is_the_one_a_reader_would_name(text, lang):
    assert detect_lang(text) == lang


@given(st.text(st.characters(), max_size=200))
def test_clean_keeps_the_length_and_every_printable_character(text):
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned
    for before, after in zip(text, cleaned, strict=True):
        assert after in (before, " ")
        if unicodedata.category(before)[0] in "LNPS":
            assert after == before
        assert unicodedata.category(after) != "Cs"
        assert unicodedata.category(after) != "Cc" or after in "\n\t"
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    "code", [0x00, 0x08, 0x0D, 0x1B, 0x7F, 0x85, 0x200B, 0x200E, 0x202E, 0x2066, 0xFEFF, 0xD800, 0xDFFF]
)
def test_invisible_and_bidi_characters_become_spaces(code):
    assert clean(f"a{chr(code)}b") == "a b"


def test_a_long_answer_is_refused_with_its_length_and_the_limit():
    assert check_answer("x" * MAX_ANSWER) == "x" * MAX_ANSWER
    with pytest.raises(InputError, match=r"100,000 characters; at most 20,000 .* Shorten"):
        check_answer("字" * 100_000)


def test_terms_are_words_of_both_languages_without_stop_words():
    assert terms("The gradients are vanishing in 3.5 layers") == [
        stem("gradients"),
        stem("vanishing"),
        "3.5",
        stem("layers"),
    ]
    found = terms("卷积神经网络的梯度消失")
    assert "梯度" in found
    assert "的" not in found


def test_word_forms_and_full_width_letters_are_the_same_term():
    assert terms("training trained trains") == [stem("train")] * 3
    assert terms("ＬｏＲＡ") == terms("lora")


def test_search_terms_add_every_pair_of_neighbouring_chinese_characters():
    assert set(search_terms("梯度消失 LoRA")) >= {"梯度", "度消", "消失", "lora"}


@given(answers)
def test_terms_take_any_text(text):
    assert all(isinstance(term, str) and term for term in search_terms(text))
