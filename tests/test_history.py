import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.history import Attempt, History, StoredInterview
from assistant.interview import Plan, start
from tests.examples import make_attempt, make_bank, make_grade, make_question

ROOT = Path(__file__).resolve().parent.parent
QUESTION = make_question(1)
BANK = make_bank([make_question(n) for n in range(5)])


@pytest.fixture
def history(tmp_path):
    opened = History(tmp_path / "data" / "history.sqlite3")
    yield opened
    opened.close()


def stored(interview_id: str, user: str, minute: int = 0) -> StoredInterview:
    interview = start(interview_id, BANK, Plan(length=2), random.Random(minute))
    return StoredInterview(user, datetime(2026, 11, 1, 9, minute, tzinfo=UTC), interview)


def run(code: str, path: Path) -> "subprocess.Popen[str]":
    """Start a process that uses the history at `path`."""
    preamble = (
        "import sys, pathlib, time\nfrom assistant.history import History\n"
        "from tests.examples import make_attempt, make_question\nquestion = make_question(1)\n"
        "path = pathlib.Path(sys.argv[1])\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", preamble + code, str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def test_attempts_come_back_whole_and_newest_first(history):
    attempts = [make_attempt("ann", QUESTION, f"answer {n}", score=n, minute=n) for n in range(5)]
    for attempt in attempts:
        history.add(attempt)
    assert history.attempts("ann") == attempts[::-1]
    assert history.attempts("ann", limit=2) == attempts[:-3:-1]


def test_users_see_their_own_attempts_only(history):
    history.add(make_attempt("ann", QUESTION, "hers"))
    history.add(make_attempt("bob", QUESTION, "his"))
    assert [attempt.answer for attempt in history.attempts("ann")] == ["hers"]
    assert history.attempts("' OR 1=1 --") == []


def test_an_interview_is_stored_over_its_earlier_state(history):
    first = stored("one", "ann", 1)
    history.save_interview(first)
    later = replace(first, at=datetime(2026, 11, 1, 9, 5, tzinfo=UTC), interview=first.interview.skip())
    history.save_interview(later)
    assert history.interviews("ann") == [later]


def test_interviews_come_newest_first_and_know_whether_they_are_over(history):
    old, new = stored("old", "ann", 1), stored("new", "ann", 2)
    over = replace(new, interview=new.interview.finish())
    history.save_interview(over)
    history.save_interview(old)
    assert history.interviews("ann") == [over, old]
    assert [each.finished for each in history.interviews("ann")] == [True, False]


def test_another_users_interview_is_never_overwritten_nor_shown(history):
    anns = stored("same-id", "ann", 1)
    history.save_interview(anns)
    history.save_interview(stored("same-id", "bob", 2))
    assert history.interviews("ann") == [anns]
    assert history.interviews("bob") == []


@pytest.mark.parametrize(
    "answer", ["a\ud800b", "\udfff", "nul \x00 inside", "שלום 😀 \u202e", "", "'; DROP TABLE attempts; --"]
)
def test_odd_answers_are_stored(history, answer):
    grade = make_grade(
        QUESTION, answer, ["covered", "missing", "missing"], [(0, len(answer)), None, None], feedback=answer
    )
    history.add(replace(make_attempt("ann", QUESTION, answer), grade=grade))
    back = history.attempts("ann")[0]
    expected = answer.encode("utf-8", "replace").decode("utf-8")
    assert back.answer == expected
    assert back.grade.key_points[0].evidence.text == expected
    assert back.grade.feedback == expected


@given(st.text(max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_any_text_comes_back_as_it_was(history, answer):
    history.add(make_attempt("ann", QUESTION, answer))
    assert history.attempts("ann", limit=1)[0].answer == answer


def test_an_interview_with_surrogates_in_an_answer_is_stored(history):
    begun = stored("one", "ann")
    question = BANK.get(begun.interview.current.question_id)
    answered = begun.interview.answer("a\ud800", make_grade(question, "a\ud800"), question)
    history.save_interview(replace(begun, interview=answered))
    assert history.interviews("ann")[0].interview.exchanges[0].answer == "a?"


def test_a_reopened_history_still_has_everything(tmp_path):
    path = tmp_path / "history.sqlite3"
    first = History(path)
    first.add(make_attempt("ann", QUESTION, "kept"))
    first.close()
    again = History(path)
    assert [attempt.answer for attempt in again.attempts("ann")] == ["kept"]
    again.close()


def test_the_log_is_written_ahead(history):
    history.add(make_attempt("ann", QUESTION, "x"))
    with sqlite3.connect(history.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def test_many_threads_and_a_second_process_write_at_once(history):
    other = run(
        "history = History(path)\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "for n in range(60):\n    history.add(make_attempt('process', question, f'answer {n}'))\n",
        history.path,
    )
    assert other.stdout.readline() == "ready\n"
    problems: list[BaseException] = []

    def write(user: str) -> None:
        try:
            for n in range(30):
                history.add(make_attempt(user, QUESTION, f"answer {n}"))
                history.save_interview(stored(f"{user}-{n}", user, n))
            history.close()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=write, args=(f"user {n}",)) for n in range(8)]
    other.stdin.write("go\n")
    other.stdin.flush()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.communicate()
    assert other.returncode == 0
    assert problems == []
    for user, count in [("process", 60), *((f"user {n}", 30) for n in range(8))]:
        assert [attempt.answer for attempt in history.attempts(user)] == [f"answer {n}" for n in reversed(range(count))]
    assert len(history.interviews("user 3")) == 30


def test_many_processes_may_create_the_history_at_once(tmp_path):
    code = (
        "sys.stdin.readline()\nhistory = History(path)\n"
        "history.add(make_attempt('ann', question, 'mine'))\nprint('done')\n"
    )
    path = tmp_path / "new" / "history.sqlite3"
    processes = [run(code, path) for _ in range(4)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == ["done\n"] * 4
    history = History(path)
    assert len(history.attempts("ann")) == 4
    history.close()


def test_threads_may_open_the_history_at_once(tmp_path):
    gate = threading.Barrier(8)
    problems: list[BaseException] = []

    def opened() -> None:
        gate.wait()
        try:
            history = History(tmp_path / "history.sqlite3")
            history.add(make_attempt("ann", QUESTION, "x"))
            history.close()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=opened) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_process_killed_right_after_add_leaves_the_attempt(tmp_path):
    path = tmp_path / "history.sqlite3"
    process = run(
        "history = History(path)\nhistory.add(make_attempt('ann', question, 'survives'))\n"
        "print('stored', flush=True)\ntime.sleep(60)\n",
        path,
    )
    assert process.stdout.readline() == "stored\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    history = History(path)
    assert [attempt.answer for attempt in history.attempts("ann")] == ["survives"]
    history.close()


def test_weakness_is_the_lost_share_of_a_topics_last_ten_attempts(history):
    def attempt(topic: str, score: int) -> Attempt:
        return replace(make_attempt("ann", QUESTION, "x", score=score), topic=topic)

    for score in [0, 0, 0, *[80] * 10]:
        history.add(attempt("rag", score))
    for score in [100, 50]:
        history.add(attempt("law", score))
    history.add(replace(attempt("cnn", 0), user="bob"))
    assert history.weakness("ann") == pytest.approx({"rag": 0.2, "law": 0.25})
