"""The learned grader around its reader, whatever that has learned: places, bounds, order, hard texts.

The network here is untrained: what must hold of every reader is tested here, how well one judges in test_grading.py.
"""

import pytest

from assistant.ad_hoc import ad_hoc_question
from assistant.bank import Bank
from assistant.baseline import VERSION, BaselineGrader
from assistant.errors import InputError
from assistant.grade import Grade
from assistant.grading import LearnedGrader, new_grader
from assistant.question import Question
from assistant.text import MAX_ANSWER
from benchmarks.grading import ANSWERS, written_answers
from models.encoder import SentenceEncoder
from models.grader.calibration import Calibration
from models.grader.network import ReaderConfig
from models.grader.reader import AnswerReader
from models.grader.train import new_reader

PLAIN = Calibration(
    temperature={"zh": 1.0, "en": 1.0},
    bias={"zh": (0.0,) * 4, "en": (0.0,) * 4},
    credit=(1.0, 0.5, 0.0, -0.5),
    knots=((0.0, 0.0), (1.0, 1.0)),
    width=1.3,
    floor=0.05,
)


@pytest.fixture(scope="module")
def grader(encoder: SentenceEncoder, bank: Bank) -> LearnedGrader:
    network = new_reader(encoder.model, ReaderConfig())
    settings = {"version": "untrained", "calibration": PLAIN.to_dict()}
    return LearnedGrader(encoder, bank, AnswerReader(encoder.model, network, settings))


def check(grade: Grade, question: Question, answer: str) -> None:
    low, high = grade.interval
    assert 0 <= low <= grade.score <= high <= 100
    assert [point.id for point in grade.key_points] == [point.id for point in question.key_points]
    assert sum(point.weight for point in grade.key_points) == pytest.approx(1, abs=1e-3)
    for point in grade.key_points:
        assert 0 <= point.confidence <= 1
        if point.evidence is not None:
            assert answer[point.evidence.start : point.evidence.end] == point.evidence.text
            assert point.evidence.text.strip()
        else:
            assert point.verdict == "missing"


def test_every_grade_is_well_formed(grader: LearnedGrader, bank: Bank) -> None:
    written = written_answers(ANSWERS / "held_out.yaml")[::16]
    pairs = [(bank.get(item.question), item.answer) for item in written]
    for (question, answer), grade in zip(pairs, grader.grade_many(pairs), strict=True):
        check(grade, question, answer)
        assert (grade.grader, grade.encoder, grade.bank) == ("untrained", grader.encoder.name, bank.hash)


def test_together_and_alone_give_the_same(grader: LearnedGrader, bank: Bank) -> None:
    written = written_answers(ANSWERS / "held_out.yaml")[3:60:20]
    pairs = [(bank.get(item.question), item.answer) for item in written]
    for pair, together in zip(pairs, grader.grade_many(pairs), strict=True):
        alone = grader.grade(*pair)
        assert abs(alone.score - together.score) <= 1
        assert [point.evidence for point in alone.key_points] == [point.evidence for point in together.key_points]


def test_a_long_answer_is_read_to_its_end(grader: LearnedGrader, bank: Bank) -> None:
    question = bank.get("rag-chunk-size")
    filler = "The weather was fine and we went for a walk along the river. "
    answer = "".join(f"{number}: {filler}" for number in range(150))
    grade = grader.grade(question, answer)
    check(grade, question, answer)


@pytest.mark.parametrize("answer", ["", " \n", "。。。", "我不知道", "I have no idea."])
def test_nothing_said_is_no_answer(grader: LearnedGrader, bank: Bank, answer: str) -> None:
    grade = grader.grade(bank.get("rag-chunk-size"), answer)
    assert (grade.score, grade.interval, grade.verdict) == (0, (0, 0), "no_answer")
    assert {point.verdict for point in grade.key_points} == {"missing"}


@pytest.mark.parametrize(
    "answer",
    [
        "\ud800 chunk",
        "\u202eevil \u202c right",
        "😀" * 500,
        "<script>alert(1)</script> chunk size",
        "x" * 5000,
        "块" * 3000,
    ],
    ids=["surrogate", "bidi", "emoji", "html", "one-word", "no-marks"],
)
def test_strange_texts_are_graded(grader: LearnedGrader, bank: Bank, answer: str) -> None:
    question = bank.get("rag-chunk-size")
    grade = grader.grade(question, answer)
    assert 0 <= grade.score <= 100


def test_an_answer_too_long_is_refused(grader: LearnedGrader, bank: Bank) -> None:
    with pytest.raises(InputError, match="20,000"):
        grader.grade(bank.get("rag-chunk-size"), "a" * (MAX_ANSWER + 1))


def test_a_question_outside_the_bank(grader: LearnedGrader) -> None:
    question = ad_hoc_question(
        "Why is the sky blue?", "Air scatters blue light more than red. So blue comes from all sides."
    )
    answer = "Short waves are scattered more, so blue reaches us from everywhere."
    check(grader.grade(question, answer), question, answer)


def test_another_encoder_is_graded_by_the_first_grader_by_name(encoder: SentenceEncoder, bank: Bank) -> None:
    other = SentenceEncoder(encoder.model, "somebody/else")
    grader = new_grader(other, bank)
    assert isinstance(grader, BaselineGrader)
    grade = grader.grade(bank.get("rag-chunk-size"), "Large chunks mix topics.")
    assert (grade.grader, grade.encoder) == (VERSION, "somebody/else")
