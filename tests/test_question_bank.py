import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.bank import MAX_FILE_BYTES, load_bank, read_topic_file
from assistant.errors import BankError, InputError
from assistant.question import Bilingual, Question
from tests.examples import make_bank, make_question

# What the five seed documents ask, the question of the bank that answers it, and a word which must stand in that one.
SEED_SUBJECTS = {
    "feasibility of a large-model project": ("business-feasibility", "可行"),
    "common training challenges": ("distributed-training-challenges", "挑战"),
    "training efficiency": ("distributed-training-efficiency", "效率"),
    "what a large model is": ("pretraining-what-is-large-model", "大模型"),
    "challenges of a large-model start-up": ("business-startup-challenges", "创业"),
    "using market advantages": ("business-market-advantage", "市场"),
    "legal and regulatory duties": ("law-launch-duties", "合规|义务|法"),
    "team and resources": ("business-team-resources", "团队"),
    "optimising the training process": ("distributed-training-process", "训练"),
    "preparing and preprocessing data": ("data-preprocessing", "清洗"),
    "hyper-parameter tuning": ("foundations-hyperparameter-tuning", "超参数"),
    "evaluating and improving models": ("eval-improve-model", "评估"),
    "deploying and monitoring": ("mlops-deploy-monitor", "监控"),
    "lowering cost": ("business-cost-reduction", "成本"),
    "making a profit": ("business-profit-model", "盈利"),
    "choosing an architecture": ("transformers-choose-architecture", "架构"),
    "data-set handling": ("data-llm-training-set", "数据"),
    "deep learning and its principle": ("foundations-what-is-deep-learning", "深度学习"),
    "how a CNN works": ("cnn-how-it-works", "CNN"),
    "RNN against LSTM": ("rnn-vs-lstm", "LSTM"),
    "attention": ("transformers-attention-principle", "注意力"),
    "GANs": ("generative-gan-principle", "生成对抗网络"),
    "technical advantages and challenges": ("law-llm-strengths-challenges", "优势"),
    "compute": ("law-llm-strengths-challenges", "算力"),
    "privacy and compliance": ("law-user-data-training", "隐私"),
    "explainability": ("law-explainability", "解释"),
    "success and failure cases": ("business-case-lessons", "失败|败"),
}


def topic_file(folder: Path, *questions: Question, name: str = "rag.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    data = {
        "topic": "rag",
        "title": {"zh": "检索增强", "en": "Retrieval"},
        "questions": [question.to_dict() for question in questions],
    }
    path = folder / name
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def only_problem(path: Path) -> str:
    file, problems = read_topic_file(path)
    assert file is None
    assert len(problems) == 1
    return str(problems[0])


@pytest.mark.parametrize(("question_id", "word"), SEED_SUBJECTS.values(), ids=SEED_SUBJECTS)
def test_the_bank_holds_every_subject_of_the_seed_documents(bank, question_id, word):
    question = bank.get(question_id)
    spoken = question.question.zh + question.reference.zh
    assert any(choice in spoken for choice in word.split("|"))


def test_the_real_bank_is_large_bilingual_and_complete(bank):
    assert len(bank) >= 84
    for question in bank:
        assert 3 <= len(question.key_points) <= 6, question.id
        point_ids = {point.id for point in question.key_points}
        assert len(point_ids) == len(question.key_points), question.id
        assert len(question.follow_ups) == 2, question.id
        assert {note.key_point for note in (*question.follow_ups, *question.misconceptions)} <= point_ids, question.id
        texts = [question.question, question.reference, question.hint, *(point.text for point in question.key_points)]
        for text in texts:
            assert any("\u4e00" <= char <= "\u9fff" for char in text.zh), question.id
            assert not any("\u4e00" <= char <= "\u9fff" for char in text.en), question.id


def test_every_topic_of_the_real_bank_has_a_title_and_stats_count_it(bank):
    stats = bank.stats()
    assert sum(stats["topics"].values()) == stats["questions"] == len(bank)
    assert stats["languages"] == {"zh": len(bank), "en": len(bank)}
    assert set(stats["topics"]) == set(bank.titles)


def test_every_real_question_survives_a_round_trip(bank):
    for question in bank:
        assert Question.from_dict(json.loads(json.dumps(question.to_dict())), question.topic) == question


def test_a_question_survives_a_topic_file(tmp_path):
    question = make_question(1)
    file, problems = read_topic_file(topic_file(tmp_path, question))
    assert problems == []
    assert file.questions == (question,)
    assert file.title == Bilingual("检索增强", "Retrieval")


@given(st.text(st.sampled_from("中文，a b\n"), max_size=20))
def test_a_text_read_twice_is_the_same_text(text):
    once = Bilingual.from_dict({"zh": text, "en": text})
    assert Bilingual.from_dict(once.to_dict()) == once


def test_folded_chinese_has_no_spaces_and_english_words_keep_theirs(tmp_path):
    path = topic_file(tmp_path, make_question(1))
    text = path.read_text(encoding="utf-8").replace(
        "第1个参考答案。", "'第一行，\n\n          用了 LLM\n          第二行'"
    )
    path.write_text(text, encoding="utf-8")
    file, _ = read_topic_file(path)
    assert file.questions[0].reference.zh == "第一行，用了 LLM 第二行"


def test_the_digest_changes_with_any_field_and_the_hash_with_any_question():
    question = make_question(1)
    changed = [
        replace(question, difficulty=5),
        replace(question, topic="law"),
        replace(question, hint=Bilingual("别的", "other")),
        replace(question, key_points=question.key_points[:2]),
    ]
    assert len({question.digest, *(other.digest for other in changed)}) == 5
    assert make_bank([question]).hash != make_bank([changed[0]]).hash
    assert make_bank([question, make_question(2)]).hash == make_bank([make_question(2), question]).hash


def test_select_filters_by_all_that_is_given(bank):
    chosen = bank.select(topics=["rag", "law"], roles=["founder"], difficulty=(2, 3))
    by_hand = [q for q in bank if q.topic in ("rag", "law") and "founder" in q.roles and q.difficulty in (2, 3)]
    assert list(chosen) == by_hand
    assert bank.select() == bank.questions
    assert {q.kind for q in bank.select(kinds=["design"])} == {"design"}


def test_an_unknown_id_is_quoted_with_the_remedy(bank):
    with pytest.raises(InputError, match=r"'no-such-id'.*search"):
        bank.get("no-such-id")


def test_schema_problems_name_file_question_and_place(tmp_path):
    good, bad, worse = make_question(1), make_question(2), make_question(3)
    path = topic_file(tmp_path, good, bad, worse)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    del data["questions"][1]["reference"]["en"]
    data["questions"][2]["difficulty"] = 9
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    problems = sorted(map(str, read_topic_file(path)[1]))
    assert len(problems) == 2
    assert problems[0].startswith("questions/rag.yaml, rag-2: reference: 'en' is a required property")
    assert problems[1].startswith("questions/rag.yaml, rag-3: difficulty: 9 is greater than")


def test_loading_a_broken_bank_names_the_file_the_question_and_the_command(tmp_path):
    path = topic_file(tmp_path, make_question(1))
    path.write_text(path.read_text(encoding="utf-8").replace("weight: 3", "weight: heavy"), encoding="utf-8")
    with pytest.raises(BankError, match=r"(?s)questions/rag\.yaml, rag-1: key_points.*bank validate"):
        load_bank(built_in=tmp_path)


def test_an_id_used_twice_is_named_with_both_files(tmp_path):
    topic_file(tmp_path, make_question(1), make_question(2))
    topic_file(tmp_path, make_question(2), name="other.yaml")
    with pytest.raises(BankError) as caught:
        load_bank(built_in=tmp_path)
    assert "questions/other.yaml, rag-2: id used twice" in str(caught.value)
    assert "questions/rag.yaml, rag-2: id used twice" in str(caught.value)
    assert "rag-1" not in str(caught.value)


def test_an_extra_folder_adds_its_questions(tmp_path, bank):
    topic_file(tmp_path / "mine", replace(make_question(1), id="my-own-question"), name="mine.yaml")
    both = load_bank([tmp_path / "mine"])
    assert len(both) == len(bank) + 1
    assert "my-own-question" in both


def test_a_yaml_alias_bomb_is_refused_at_its_first_alias(tmp_path):
    lines = ["topic: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert only_problem(path) == "questions/bomb.yaml: line 2: '*a' is an alias; write the text out."


@pytest.mark.parametrize("depth", [30, 5_000, 100_000])
def test_deep_nesting_is_refused(tmp_path, depth):
    path = tmp_path / "deep.yaml"
    path.write_text("topic: " + "[" * depth + "]" * depth, encoding="utf-8")
    assert "nested too deeply" in only_problem(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("题目: 一".encode("gbk"), "not UTF-8 at byte 0; save it as UTF-8"),
        ("topic: 题".encode("utf-16"), "not UTF-8"),
        (b"topic: \x00", "not YAML"),
        (b"a: [1, 2\nb: 3", "not YAML"),
        (b"x: !!python/object/apply:os.system [true]", "not YAML"),
        (b"topic: " + b"9" * 5_000, "cannot be read"),
        (b"verified: 2026-13-45", "cannot be read"),
        (b"", "is not of type 'object'"),
        (b"just words", "is not of type 'object'"),
        (b"[1, 2, 3]", "is not of type 'object'"),
    ],
)
def test_a_file_that_is_no_topic_file_is_one_sentence_with_its_name(tmp_path, content, said):
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    problem = only_problem(path)
    assert problem.startswith("questions/odd.yaml: ")
    assert said in problem
    assert "\n" not in problem


def test_a_giant_file_is_refused_unread(tmp_path):
    path = tmp_path / "giant.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES * 100)  # sparse: 400 MB that take no room on disk
    assert "larger than 4 MB" in only_problem(path)


def test_an_unreadable_file_is_a_problem_and_not_a_crash(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    assert only_problem(tmp_path / "folder.yaml").startswith("questions/folder.yaml: ")


def test_a_bom_does_not_matter(tmp_path):
    path = topic_file(tmp_path, make_question(1))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_topic_file(path)[1] == []


def test_entries_that_are_no_questions_are_numbered(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text("topic: odd\ntitle: {zh: 标题, en: Title}\nquestions: [words, {id: fine-id}]\n", encoding="utf-8")
    problems = [str(problem) for problem in read_topic_file(path)[1]]
    assert any(problem.startswith("questions/odd.yaml, #1: 'words' is not of type 'object'") for problem in problems)
    assert any(problem.startswith("questions/odd.yaml, fine-id: 'kind' is a required property") for problem in problems)
