"""Talking to the command line: a mock interview over a pipe, interruptions, and readers that go away."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.bank import Bank
from assistant.history import History
from assistant.session import known_user
from tests.command_line import ROOT, TINY, call, environment, hears_interruptions, json_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def attempts(data: Path) -> list[tuple[str, str]]:
    user = known_user((data / "terminal-user").read_text())
    assert user is not None
    history = History(data / "history.sqlite3")
    found = [(attempt.source, attempt.answer) for attempt in history.attempts(user)]
    history.close()
    return found[::-1]


def test_mock_over_a_pipe(tmp_path: Path, bank: Bank):
    said = b"\n:hint\n:dance\nI would measure\nand then decide.\n\n\n:skip\n:skip\n:skip\n"
    arguments = ["mock", "--length", "2", "--lang", "en", "--seed", "7", "--json"]
    done = call(tmp_path, *arguments, stdin=said)
    interview = json_of(done)
    assert interview["at"] == len(interview["exchanges"]) == 2
    first, second = interview["exchanges"]
    assert first["answer"] == "I would measure\nand then decide.\n" and first["hinted"]
    assert second["skipped"] and second["grade"] is None
    assert interview["report"]["answered"] == 1
    assert attempts(tmp_path) == [("interview", first["answer"])]
    told = " ".join(done.stderr.decode().split())
    for exchange in (first, second):
        assert bank.get(exchange["question_id"]).question.en in told
    assert bank.get(first["question_id"]).hint.en in told
    again = json_of(call(tmp_path, *arguments, stdin=b""))  # the input ends: so does the interview
    assert again["exchanges"] == []
    lines = json_of(call(tmp_path, *arguments, stdin=b":skip\n" * 9))
    assert [e["question_id"] for e in lines["exchanges"]] == [e["question_id"] for e in interview["exchanges"]]


def test_mock_takes_bad_answers_in_its_stride(tmp_path: Path):
    said = b"x" * 100_000 + b"\n\n" + b"\xff\xfe caf\xe9 \x07\n\n:quit\n"
    done = call(tmp_path, "mock", "--length", "1", "--lang", "zh", stdin=said)
    assert done.returncode == 0 and b"\x07" not in done.stdout
    assert "100,001" in done.stdout.decode()
    assert len(attempts(tmp_path)) == 1


@pytest.fixture
def talking(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-u", "-m", TINY, "mock", "--length", "2", "--lang", "en", "--seed", "7"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(  # type: ignore[call-overload]
        command, cwd=ROOT, env=environment(tmp_path), preexec_fn=hears_interruptions, **pipes
    )
    with process:
        yield process
        process.kill()


def read_until(stream: Any, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        line = stream.readline()
        assert line, seen.decode()
        seen += line
    return seen


def test_an_answer_is_in_the_history_before_its_grade_is_shown(talking: "subprocess.Popen[bytes]", tmp_path: Path):
    assert talking.stdin is not None
    talking.stdin.write(b"I would measure.\n\n")
    talking.stdin.flush()
    read_until(talking.stdout, b"/100")
    talking.kill()
    assert attempts(tmp_path) == [("interview", "I would measure.\n")]


def test_an_interruption_is_one_sentence(talking: "subprocess.Popen[bytes]"):
    read_until(talking.stdout, b"1 of 2")
    talking.send_signal(signal.SIGINT)
    out, err = talking.communicate()
    assert talking.returncode == 130
    assert err.decode().splitlines() == ["Stopped."]
    assert b"history" in out


def test_a_reader_that_goes_away_is_no_error(data: Path):
    command = [sys.executable, "-m", TINY, "search", "chunk", "-k", "100"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(data), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
