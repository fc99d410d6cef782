from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.bank import Bank, Problem
from assistant.baseline import BaselineGrader
from assistant.errors import InputError
from assistant.index import build
from assistant.question import Bilingual, KeyPoint, Question
from assistant.settings import BUILT_IN_BANK
from assistant.validation import Validation, validate
from assistant.validation_by_meaning import near_duplicates, reference_findings, similar_points
from models.encoder import Encoder
from tests.examples import make_question

TODAY = date(2026, 11, 22)
Spoil = Callable[[dict[str, Any]], None]


def write_topic(folder: Path, *questions: dict[str, Any], topic: str = "rag", name: str = "rag.yaml") -> None:
    folder.mkdir(exist_ok=True)
    data = {"topic": topic, "title": {"zh": "检索增强", "en": "Retrieval"}, "questions": list(questions)}
    (folder / name).write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def good(number: int = 1) -> dict[str, Any]:
    return make_question(number, weights=(3, 2, 1)).to_dict()


def found_in(folder: Path) -> list[Problem]:
    return list(validate([folder], TODAY).problems)


def test_the_real_bank_has_no_problem_that_reading_can_tell():
    found = validate([BUILT_IN_BANK], TODAY)
    assert [str(problem) for problem in found.problems] == []
    assert len(found.bank) > 80


def test_a_sound_folder_has_no_problem(tmp_path: Path):
    write_topic(tmp_path, good(1), good(2))
    assert found_in(tmp_path) == []


def weights(*values: int) -> Spoil:
    def spoil(question: dict[str, Any]) -> None:
        for point, weight in zip(question["key_points"], values, strict=True):
            point["weight"] = weight

    return spoil


def put(*path: Any, value: Any) -> Spoil:
    def spoil(question: dict[str, Any]) -> None:
        place: Any = question
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return spoil


def drop(*path: Any) -> Spoil:
    def spoil(question: dict[str, Any]) -> None:
        place: Any = question
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return spoil


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (drop("question", "zh"), "zh"),
        (put("reference", "en", value=""), "reference.en"),
        (put("question", "zh", value="Only English here"), "question.zh has no Chinese"),
        (put("hint", "zh", value="   "), "hint.zh has no Chinese"),
        (put("reference", "en", value="这里是中文"), "reference.en is not in English"),
        (put("key_points", 1, "zh", value="english words"), "key_points.p1.zh has no Chinese"),
        (put("misconceptions", 0, "zh", value="english words"), "misconceptions.1.zh has no Chinese"),
        (put("follow_ups", 1, "en", value="中文的追问，不是英文的"), "follow_ups.2.en is not in English"),
        (weights(0, 2, 1), "weight"),
        (weights(-1, 2, 1), "weight"),
        (weights(5, 1, 1), "'p0' carries 5 of 7"),
        (put("key_points", 0, "weight", value=1.5), "weight"),
        (put("key_points", 2, "id", value="p0"), "'p0' is used 2 times"),
        (put("misconceptions", 0, "key_point", value="nowhere"), "'nowhere'"),
        (put("follow_ups", 0, "key_point", value="nowhere"), "'nowhere'"),
        (put("follow_ups", 0, "key_point", value="p2"), "both follow-ups name the key point 'p2'"),
        (put("verified", value="2026-02-30"), "2026-02-30"),
        (put("verified", value="2026-11-23"), "after today"),
        (put("verified", value="yesterday"), "yesterday"),
        (put("difficulty", value=6), "difficulty"),
        (put("surprise", value=1), "surprise"),
    ],
)
def test_every_fault_is_found_with_file_and_question(tmp_path: Path, spoil: Spoil, says: str):
    faulty = good(2)
    spoil(faulty)
    write_topic(tmp_path, good(1), faulty)
    problems = found_in(tmp_path)
    assert any(says in problem.message for problem in problems), problems
    assert {(problem.file, problem.question) for problem in problems} == {("questions/rag.yaml", "rag-2")}


def test_weights_up_to_sixty_percent_are_fine(tmp_path: Path):
    question = good()
    weights(3, 1, 1)(question)
    write_topic(tmp_path, question)
    assert found_in(tmp_path) == []


def test_faults_between_files(tmp_path: Path):
    write_topic(tmp_path / "a", good(1))
    write_topic(tmp_path / "b", good(1), good(2), name="other.yaml")
    same = good(3)
    same["question"]["en"] = "what is question NUMBER 2"
    write_topic(tmp_path / "c", same)
    (tmp_path / "c" / "stray.yml").write_text("topic: stray")
    (tmp_path / "c" / "broken.yaml").write_text("topic: [")
    found = validate([tmp_path / name for name in "abc"], TODAY)
    told = {(problem.file, problem.question): problem.message for problem in found.problems}
    assert "named 'other'" in told["questions/other.yaml", ""]
    assert "used before, in questions/rag.yaml" in told["questions/other.yaml", "rag-1"]
    assert "'rag-2'" in told["questions/rag.yaml", "rag-3"]
    assert "rename" in told["questions/stray.yml", ""]
    assert "YAML" in told["questions/broken.yaml", ""]
    assert len(told) == len(found.problems) == 5
    assert [question.id for question in found.bank] == ["rag-1", "rag-2", "rag-3"]


def test_a_place_without_topic_files_is_an_input_error(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"topic file"):
            validate([folder], TODAY)


# by meaning: a part of the real bank, the real encoder, and what was planted

PARAPHRASES = {
    "peft-lora-principle": Bilingual(
        "请讲讲 LoRA 是怎么工作的，rank、alpha 以及加在哪些层上，你一般怎么选？",
        "How does LoRA work, and what do you pick for the rank, alpha and the layers it is applied to?",
    ),
    "quantisation-ptq-vs-qat": Bilingual(
        "训练后量化与量化感知训练有什么区别？什么情况下 QAT 才划算？",
        "PTQ or QAT: what is the difference and when does quantisation-aware training pay off?",
    ),
}
REWRITTEN = Bilingual(
    "LoRA 不动原来的权重，只在旁边学两个很瘦的矩阵，它们的乘积就是改动量；其中一个从零开始，所以一开始和原模型"
    "一样。只有这两个小矩阵要存梯度和优化器状态，显存就省下来了。训练完把乘积加回底座，推理速度不变；也可以一"
    "个底座配很多适配器。秩我一般从 8 到 64 开始，任务越难、数据越多就越大；改动量乘以 alpha 除以 r，效果像学"
    "习率。注意力和 MLP 的线性层都加上，通常比只加 q 和 v 要好。",
    "With LoRA the original matrices stay untouched; next to each of them you learn a pair of thin matrices "
    "whose product is the change. One of the pair begins as zeros, so the model first behaves as before. "
    "Gradients and Adam states are needed for the thin matrices only, which is where the memory goes down. "
    "Afterwards you can add the product onto the base weights, so serving is as fast as ever, or keep many "
    "adapters beside one base. I begin with a rank between 8 and 64 and go up if the task is hard and data "
    "is plentiful; alpha divided by the rank scales the change and behaves like a learning rate. I put adapters "
    "on every linear layer, in attention and in the MLP.",
)
NEAR_COPY = KeyPoint(
    "copy",
    2,
    Bilingual(
        "数据漂移指输入分布发生变化，而输入与目标的关系可以不变",
        "Data drift means that the input distribution changes, while the input-target relation may stay the same",
    ),
)


def as_validation(questions: list[Question]) -> Validation:
    return Validation(Bank(tuple(questions), {}), ())


@pytest.fixture(scope="module")
def half(bank: Bank) -> list[Question]:
    """Half of the bank, with the neighbours of what is planted."""
    return [q for n, q in enumerate(bank) if n % 2 or q.topic in ("peft", "quantisation", "mlops")]


def duplicates(questions: list[Question], encoder: Encoder) -> list[Problem]:
    found = as_validation(questions)
    return list(near_duplicates(found, build(found.bank.questions, found.bank.hash, encoder)))


def test_paraphrased_questions_are_found_and_nothing_else(half: list[Question], encoder: Encoder):
    assert duplicates(half, encoder) == []
    planted = [replace(q, id=f"{q.id}-again", question=PARAPHRASES[q.id]) for q in half if q.id in PARAPHRASES]
    rewritten = replace(planted[0], id="rewritten", reference=REWRITTEN)
    for extra in (planted, [rewritten]):
        problems = duplicates([*half, *extra], encoder)
        assert [problem.question for problem in problems] == [question.id for question in extra]
    assert "'peft-lora-principle'" in problems[0].message


def test_key_points_alike_are_found_and_nothing_else(half: list[Question], encoder: Encoder):
    drift = next(question for question in half if question.id == "mlops-drift")
    some = [question for question in half[-40:] if question is not drift]
    assert list(similar_points(as_validation([*some, drift]), encoder)) == []
    spoilt = replace(drift, id="spoilt", key_points=(*drift.key_points, NEAR_COPY))
    (problem,) = similar_points(as_validation([*some, spoilt]), encoder)
    assert problem.question == "spoilt" and "'data-drift' and 'copy'" in problem.message


def test_references_that_miss_a_key_point_are_found(bank: Bank, encoder: Encoder):
    lora, drift = bank.get("peft-lora-principle"), bank.get("mlops-drift")
    foreign = bank.get("law-launch-duties").key_points[0]
    spoilt = replace(drift, key_points=(*drift.key_points, replace(foreign, id="foreign")))
    found = as_validation([lora, spoilt])
    findings = list(reference_findings(found, found.bank.questions, BaselineGrader(encoder, bank)))
    assert {(verdict, problem.question) for verdict, problem in findings} == {("missing", "mlops-drift")}
    (_, chinese), (_, english) = findings
    assert "reference.zh does not make the key point 'foreign'" in chinese.message
    assert "reference.en does not make the key point 'foreign'" in english.message
