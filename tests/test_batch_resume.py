"""A batch that is stopped or killed goes on where it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.bank import Bank
from assistant.batch import CHUNK, score_file
from assistant.errors import InputError
from tests.answer_tables import Watched, answers, leftovers, read, row, write

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def grader(bank: Bank) -> Watched:
    return Watched(bank)


def test_progress_is_told_in_chunks(tmp_path: Path, bank: Bank, grader: Watched):
    told: list[tuple[int, int]] = []
    source = write(tmp_path / "in.csv", answers(bank, 2 * CHUNK + 1))
    score_file(source, tmp_path / "out.csv", grader, bank, progress=lambda *at: told.append(at))
    total = 2 * CHUNK + 1
    assert told == [(CHUNK, total), (2 * CHUNK, total), (total, total)]


class Stop(Exception):  # noqa: N818
    pass


def stop_at(rows: int):
    def progress(done: int, total: int) -> None:
        if done >= rows:
            raise Stop

    return progress


def test_a_stopped_run_leaves_the_old_output_and_goes_on(tmp_path: Path, bank: Bank, grader: Watched):
    given = answers(bank, 3 * CHUNK)
    source, out = write(tmp_path / "in.csv", given), tmp_path / "out.csv"
    out.write_text("precious")
    with pytest.raises(Stop):
        score_file(source, out, grader, bank, progress=stop_at(2 * CHUNK))
    assert out.read_text() == "precious"
    assert leftovers(tmp_path) == {"out.csv.partial"}
    out.unlink()
    grader.seen.clear()
    summary = score_file(source, out, grader, bank, resume=True)
    assert grader.seen == [each["answer"] for each in given[2 * CHUNK :]]
    assert (summary.kept, summary.ok) == (2 * CHUNK, 3 * CHUNK)
    fresh = tmp_path / "fresh.csv"
    score_file(source, fresh, grader, bank)
    assert out.read_bytes() == fresh.read_bytes()
    assert leftovers(tmp_path) == set()


KILLED = """
import sys
from pathlib import Path
from assistant.bank import load_bank
from assistant.batch import score_file
from assistant.baseline import BaselineGrader
from tests.tiny import TinyEncoder

def wait(done, total):
    if done >= int(sys.argv[3]):
        print(done, flush=True)
        sys.stdin.read()

bank = load_bank()
score_file(Path(sys.argv[1]), Path(sys.argv[2]), BaselineGrader(TinyEncoder(), bank), bank, progress=wait)
"""


@pytest.mark.parametrize("torn", [0, 7])
def test_a_killed_process_loses_no_graded_row(tmp_path: Path, bank: Bank, grader: Watched, torn: int):
    """torn: bytes that the disk lost of the journal's last line, as when the machine went down too."""
    given = answers(bank, 4 * CHUNK)
    source, out = write(tmp_path / "in.csv", given), tmp_path / "out.jsonl"
    command = [sys.executable, "-c", KILLED, str(source), str(out), str(2 * CHUNK)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(2 * CHUNK).encode()
        process.kill()
    assert not out.exists()
    partial = tmp_path / "out.jsonl.partial"
    partial.write_bytes(partial.read_bytes()[: -torn or None])
    summary = score_file(source, out, grader, bank, resume=True)
    done = 2 * CHUNK - (1 if torn else 0)
    assert grader.seen == [each["answer"] for each in given[done:]]
    assert (summary.kept, summary.ok) == (done, 4 * CHUNK)
    fresh = tmp_path / "fresh.jsonl"
    score_file(source, fresh, grader, bank)
    assert out.read_bytes() == fresh.read_bytes()
    assert not partial.exists()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_resume_keeps_what_is_done_and_takes_what_is_new(tmp_path: Path, bank: Bank, grader: Watched, form: str):
    first = [row(1, "=one, with chunks"), row(2, "two", "no-such-id"), row(3, "three")]
    source, out = tmp_path / "in.csv", tmp_path / f"out.{form}"
    score_file(write(source, first), out, grader, bank)
    kept = read(out)[0]
    grader.seen.clear()
    second = [first[0], row(2, "two"), row(3, "three, corrected"), row(4, "four")]
    summary = score_file(write(source, second), out, grader, bank, resume=True)
    assert grader.seen == ["two", "three, corrected", "four"]
    assert (summary.kept, summary.ok, summary.errors) == (1, 4, 0)
    assert read(out)[0] == kept
    assert [each["answer"] for each in read(out)] == [each["answer"] for each in second]


def test_without_resume_everything_is_graded_again(tmp_path: Path, bank: Bank, grader: Watched):
    source, out = write(tmp_path / "in.csv", [row(1, "one"), row(1, "one"), row(1, "other")]), tmp_path / "out.csv"
    for _ in range(2):
        grader.seen.clear()
        assert score_file(source, out, grader, bank).kept == 0
        assert grader.seen == ["one", "other"]  # equal rows are graded once
        assert [each["answer"] for each in read(out)] == ["one", "one", "other"]


def test_resume_from_something_else_is_refused(tmp_path: Path, bank: Bank, grader: Watched):
    source, out = write(tmp_path / "in.csv", [row(1, "one")]), tmp_path / "out.csv"
    out.write_text("name,price\nx,1\n")
    with pytest.raises(InputError, match="--resume"):
        score_file(source, out, grader, bank, resume=True)
    assert out.read_text() == "name,price\nx,1\n"
