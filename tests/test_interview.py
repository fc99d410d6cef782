import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InputError
from assistant.interview import (
    FOLLOW_UP_BELOW,
    MAX_LENGTH,
    Exchange,
    Interview,
    Plan,
    choose_follow_up,
    follow_up_question,
    follow_up_text,
    start,
)
from assistant.question import Bilingual
from tests.examples import answered, make_bank, make_grade, make_question

TOPICS = ("rag", "law", "cnn", "rnn", "data")
BANK = make_bank(
    [
        make_question(
            n, topic=TOPICS[n % 5], difficulty=1 + n % 5, roles=("founder",) if n % 3 == 0 else ("researcher",)
        )
        for n in range(40)
    ]
)
VERDICTS = st.sampled_from(["covered", "partial", "missing", "contradicted"])
MOVES = st.sampled_from(["answer", "answer", "skip", "hint", "finish"])


def asked(interview: Interview) -> list[str]:
    return [exchange.question_id for exchange in interview.exchanges]


def check(interview: Interview) -> None:
    """What must hold of an interview at any time."""
    assert 0 <= interview.at <= len(interview.exchanges)
    for exchange in interview.exchanges[: interview.at]:
        assert exchange.done
    for exchange in interview.exchanges[interview.at + 1 :]:
        assert exchange == Exchange(exchange.question_id)
    for exchange in interview.exchanges:
        assert 0 <= exchange.score <= 100
        assert (exchange.answer is None) == (exchange.grade is None)
        assert not (exchange.skipped and exchange.grade)
        assert exchange.follow_up_grade is None or exchange.follow_up is not None
    assert (interview.step == "follow_up") == (
        interview.step != "finished" and interview.current.done and interview.current.follow_up is not None
    )
    assert Interview.from_dict(json.loads(json.dumps(interview.to_dict()))) == interview


def moved(interview: Interview, move: str, draw: st.DrawFn) -> Interview:
    if move != "answer":
        return {"skip": interview.skip, "hint": interview.hint, "finish": interview.finish}[move]()
    question = BANK.get(interview.current.question_id)
    if interview.step == "follow_up":
        question = follow_up_question(question, interview.current.follow_up)
    verdicts = draw(st.tuples(*[VERDICTS] * len(question.key_points)))
    return interview.answer("said", make_grade(question, "said", verdicts), question)


@given(st.data(), st.integers(1, 6), st.integers(0, 99))
def test_any_legal_sequence_of_moves_keeps_the_invariants(data, length, seed):
    interview = start("i", BANK, Plan(length=length), random.Random(seed))
    check(interview)
    for move in data.draw(st.lists(MOVES, max_size=20)):
        if interview.step == "finished":
            break
        before = interview
        interview = moved(before, move, data.draw)
        check(interview)
        assert interview.id == before.id
        assert asked(interview) == (asked(before)[: interview.at] if move == "finish" else asked(before))
        assert interview.at - before.at in (0, 1)
        assert interview.exchanges[: before.at] == before.exchanges[: before.at]
        assert (move == "finish") <= (interview.step == "finished")


@given(st.data())
def test_answering_and_skipping_always_ends_and_asks_at_most_one_follow_up(data):
    interview = start("i", BANK, Plan(length=4), random.Random(1))
    moves = 0
    while interview.step != "finished":
        interview = moved(interview, data.draw(st.sampled_from(["answer", "skip"])), data.draw)
        moves += 1
    assert 4 <= moves <= 8
    assert all(exchange.done for exchange in interview.exchanges)


@pytest.mark.parametrize("move", ["skip", "hint"])
def test_a_finished_interview_takes_nothing_more(move):
    over = start("i", BANK, Plan(length=1), random.Random(1)).finish()
    with pytest.raises(InputError, match="finished; start a new one"):
        getattr(over, move)()
    with pytest.raises(InputError, match="finished"):
        over.answer("late", make_grade(make_question(1)), make_question(1))
    assert over.finish() == over


def test_finishing_in_a_follow_up_keeps_the_answer_and_drops_what_was_not_reached():
    interview = start("i", BANK, Plan(length=3), random.Random(1))
    question = BANK.get(interview.current.question_id)
    waiting = interview.answer("some", make_grade(question, "some"), question)
    assert waiting.step == "follow_up"
    over = waiting.finish()
    assert [exchange.answer for exchange in over.exchanges] == ["some"]
    assert over.step == "finished"


def test_a_hint_is_noted_and_changes_nothing_else():
    interview = start("i", BANK, Plan(length=2), random.Random(1))
    hinted = interview.hint()
    assert hinted.current.hinted
    assert replace(hinted, exchanges=interview.exchanges) == interview


@given(st.integers(0, 50), st.integers(1, 30))
def test_questions_are_spread_over_topics_come_once_and_start_easy(seed, length):
    interview = start("i", BANK, Plan(length=length), random.Random(seed))
    questions = [BANK.get(question_id) for question_id in asked(interview)]
    assert len(set(asked(interview))) == length
    difficulties = [question.difficulty for question in questions]
    assert difficulties == sorted(difficulties)


def test_topics_are_spread_far_better_than_by_chance():
    draws = [start("i", BANK, Plan(length=5), random.Random(seed)) for seed in range(200)]
    topics = [len({BANK.get(question_id).topic for question_id in asked(drawn)}) for drawn in draws]
    # five of forty questions in five topics of eight drawn blindly cover 3.5 topics on average
    assert sum(topics) / len(topics) > 4.2


def test_the_seed_alone_decides_and_different_seeds_differ():
    drawn = [asked(start("i", BANK, Plan(length=5), random.Random(seed))) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len({tuple(ids) for ids in drawn}) == 3


@given(
    st.integers(0, 20),
    st.sets(st.sampled_from(TOPICS)),
    st.sampled_from([(), ("founder",), ("founder", "researcher")]),
    st.tuples(st.integers(1, 5), st.integers(1, 5)).map(lambda pair: (min(pair), max(pair))),
)
def test_filters_are_respected(seed, topics, roles, difficulty):
    plan = Plan(topics=tuple(sorted(topics)), roles=roles, difficulty=difficulty, length=10)
    fits = [
        q.id
        for q in BANK
        if (not topics or q.topic in topics)
        and (not roles or set(roles) & set(q.roles))
        and difficulty[0] <= q.difficulty <= difficulty[1]
    ]
    if not fits:
        with pytest.raises(InputError, match="widen the topics"):
            start("i", BANK, plan, random.Random(seed))
        return
    ids = asked(start("i", BANK, plan, random.Random(seed)))
    assert set(ids) <= set(fits)
    assert len(ids) == min(10, len(fits))


def test_weak_topics_come_up_more_often():
    def share(weakness: dict[str, float]) -> int:
        drawn = (start("i", BANK, Plan(length=1), random.Random(seed), weakness) for seed in range(400))
        return Counter(BANK.get(interview.current.question_id).topic for interview in drawn)["law"]

    assert share({"law": 1.0}) > 1.3 * share({})


@pytest.mark.parametrize("length", [0, -1, MAX_LENGTH + 1])
def test_an_impossible_length_is_quoted(length):
    with pytest.raises(InputError, match=f"of {length} questions.*1 to {MAX_LENGTH}"):
        Plan(length=length)


@pytest.mark.parametrize("difficulty", [(0, 3), (4, 2), (1, 6)])
def test_an_impossible_difficulty_is_quoted(difficulty):
    with pytest.raises(InputError, match=f"{difficulty[0]} to {difficulty[1]} is not a range"):
        Plan(difficulty=difficulty)


# p0 weighs 3 of 6, p1 2, p2 1; the bank has follow-ups for p1 and p2
@pytest.mark.parametrize(
    ("verdicts", "asked_for"),
    [
        (["missing", "missing", "missing"], "p1"),  # p0 is heavier, but has no written follow-up
        (["covered", "missing", "missing"], "p1"),
        (["covered", "covered", "missing"], "p2"),
        (["covered", "covered", "partial"], None),  # 92 points: nothing left worth asking for
        (["covered", "partial", "covered"], "p1"),
        (["missing", "covered", "covered"], "p0"),
        (["contradicted", "covered", "covered"], None),  # a false claim is corrected in the report, not asked again
        (["covered", "covered", "covered"], None),
    ],
)
def test_the_follow_up_asks_for_the_weightiest_open_point(verdicts, asked_for):
    question = make_question(1)
    assert choose_follow_up(question, make_grade(question, "x", verdicts)) == asked_for


def test_no_answer_and_a_good_answer_get_no_follow_up():
    question = make_question(1)
    assert choose_follow_up(question, make_grade(question, verdict="no_answer")) is None
    assert choose_follow_up(question, make_grade(question, score=FOLLOW_UP_BELOW)) is None
    assert choose_follow_up(question, make_grade(question, score=FOLLOW_UP_BELOW - 1)) == "p1"


def test_the_follow_ups_question_is_narrowed_to_its_point():
    question = make_question(1)
    narrowed = follow_up_question(question, "p1")
    assert narrowed.question == Bilingual("请再讲讲p1？", "And what about p1?")
    assert narrowed.reference == question.key_points[1].text
    assert narrowed.key_points == (question.key_points[1],)
    assert narrowed.misconceptions == ()
    assert follow_up_question(question, "p0").misconceptions == question.misconceptions


def test_a_point_without_a_written_follow_up_is_asked_for_without_giving_it_away():
    question = make_question(1)
    text = follow_up_text(question, "p0")
    assert question.key_point("p0").text.en not in text.en
    assert text.zh
    assert text.en


def followed_up(verdict: str) -> Exchange:
    question = make_question(1)
    first = make_grade(question, "first", ["missing", "missing", "covered"])
    later = make_grade(follow_up_question(question, "p1"), "later", [verdict], [(0, 5)])
    return answered(question, "first", first, follow_up="p1", follow_up_answer="later", follow_up_grade=later)


@pytest.mark.parametrize(
    ("verdict", "score"), [("covered", 34), ("partial", 17), ("missing", 17), ("contradicted", 17)]
)
def test_a_point_won_in_the_follow_up_is_worth_half_its_weight(verdict, score):
    # p2 covered: 1/6 of 100 is 17; p1 won later: half of 2/6 of 100 is 17 more
    assert followed_up(verdict).score == score


def test_the_follow_ups_verdict_stands_in_place_of_the_first_with_the_weight_kept():
    points = followed_up("covered").points
    assert [(point.id, point.verdict) for point in points] == [("p0", "missing"), ("p1", "covered"), ("p2", "covered")]
    assert [point.weight for point in points] == [0.5, 0.3333, 0.1667]
    assert points[1].evidence.text == "later"


def test_a_skipped_follow_up_leaves_the_first_answer_as_it_was():
    interview = start("i", BANK, Plan(length=1), random.Random(1))
    question = BANK.get(interview.current.question_id)
    over = interview.answer("some", make_grade(question, "some"), question).skip()
    assert over.step == "finished"
    assert not over.exchanges[0].skipped
    assert over.exchanges[0].answer == "some"
