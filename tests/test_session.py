"""One user's steps: stored before they are shown, and nobody else's."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.baseline import BaselineGrader
from assistant.engine import Engine, Models
from assistant.errors import InputError
from assistant.interview import Plan
from assistant.session import Session, known_user, new_user
from assistant.settings import Settings
from tests.tiny import TinyEncoder

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    def load(settings, bank):
        encoder = TinyEncoder()
        return Models(encoder, BaselineGrader(encoder, bank))

    return Engine(Settings(data=tmp_path), load)


def session(engine: Engine, user: str | None = None) -> Session:
    return Session(engine, user or new_user(), lambda: NOW, random.Random(5))


def test_an_answer_is_in_the_history_before_it_is_returned(engine: Engine) -> None:
    mine = session(engine)
    interview = mine.begin(Plan(lang="en", length=2))
    after = mine.answer(interview, "Something about models that is not quite it.")
    attempt = engine.history.attempts(mine.user)[0]
    assert (attempt.source, attempt.answer, attempt.at) == ("interview", after.exchanges[0].answer, NOW)
    assert attempt.grade == after.exchanges[0].grade
    assert mine.latest() == after


def test_a_failed_grade_changes_nothing(engine: Engine) -> None:
    mine = session(engine)
    interview = mine.begin(Plan(lang="en", length=1))
    for bad in ("", " \n\t ", "\u200b\u202e", "x" * 20_001):
        with pytest.raises(InputError):
            mine.answer(interview, bad)
    assert mine.latest() == interview
    assert engine.history.attempts(mine.user) == []


def test_a_follow_up_is_graded_on_its_own_key_point(engine: Engine) -> None:
    mine = session(engine)
    interview = mine.begin(Plan(lang="en", length=1))
    question = engine.bank.get(interview.current.question_id)
    asked = mine.answer(interview, question.key_points[0].text.en)
    assert asked.step == "follow_up"
    done = mine.answer(asked, question.key_point(asked.current.follow_up or "").text.en)
    assert done.step == "finished"
    assert [attempt.source for attempt in engine.history.attempts(mine.user)] == ["follow_up", "interview"]
    grade = done.exchanges[0].follow_up_grade
    assert grade is not None
    assert [point.id for point in grade.key_points] == [asked.current.follow_up]


def test_users_see_only_their_own(engine: Engine) -> None:
    mine, theirs = session(engine), session(engine)
    interview = mine.begin(Plan(length=1))
    assert theirs.latest() is None
    theirs.keep(interview.finish())  # another user who has learnt the interview's id cannot write to it
    assert mine.latest() == interview


@pytest.mark.parametrize(
    "claimed", [None, 3, "", "admin", "' OR 1=1 --", "A" * 36, {"user": "x"}, "../../../etc/passwd"]
)
def test_a_claimed_id_that_is_none_is_refused(engine: Engine, claimed: object) -> None:
    assert known_user(claimed) is None
    with pytest.raises(InputError, match="reload"):
        Session(engine, claimed)  # type: ignore[arg-type]


def test_a_new_id_is_known_and_never_the_same() -> None:
    first, second = new_user(), new_user()
    assert known_user(first) == first
    assert first != second


def test_surrogates_and_controls_survive_storage(engine: Engine) -> None:
    mine = session(engine)
    interview = mine.begin(Plan(lang="zh", length=1))
    after = mine.answer(interview, "一个 \ud800 回答\x00 \u202e 带着 😀")
    stored = mine.latest()
    assert stored is not None
    assert stored.exchanges[0].grade == after.exchanges[0].grade
