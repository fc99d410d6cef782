import csv
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.bank import Bank
from assistant.batch import CHUNK, BatchSummary, score_file
from assistant.batch_rows import RESULT_COLUMNS
from assistant.errors import InputError
from assistant.grade import Grade
from assistant.grading import BaselineGrader, ad_hoc_question
from assistant.question import Question
from assistant.text import MAX_ANSWER
from tests.tiny import TinyEncoder

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "rag-chunk-size"
Rows = Sequence[dict[str, Any]]


class Watched(BaselineGrader):
    """The real grader over the tiny encoder; remembers the answers, and fails where an answer asks for it."""

    def __init__(self, bank: Bank) -> None:
        super().__init__(TinyEncoder(), bank)
        self.seen: list[str] = []

    def grade_many(self, pairs: Sequence[tuple[Question, str]]) -> list[Grade]:
        self.seen += [answer for _, answer in pairs]
        if any("BOOM" in answer for _, answer in pairs):
            raise RuntimeError("out of memory")
        return super().grade_many(pairs)


@pytest.fixture
def grader(bank: Bank) -> Watched:
    return Watched(bank)


def write(path: Path, rows: Rows) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def row(number: int, answer: str, question: str = QUESTION, **more: Any) -> dict[str, Any]:
    return {"submission_id": f"s{number}", "question_id": question, "answer": answer, **more}


def answers(bank: Bank, count: int) -> list[dict[str, Any]]:
    """Rows whose answers all differ: key points of the bank in turn, numbered."""
    points = [(question, point) for question in bank for point in question.key_points]
    chosen = [points[number % len(points)] for number in range(count)]
    return [row(n, f"{point.text.en} ({n})", question.id) for n, (question, point) in enumerate(chosen)]


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.endswith((".tmp", ".partial"))}


@pytest.mark.parametrize("form", ["csv", "jsonl", "tsv"])
def test_a_batch_says_what_the_grader_says(tmp_path: Path, bank: Bank, grader: Watched, form: str):
    question = bank.get(QUESTION)
    given = [
        row(1, question.reference.en, user_id="u"),
        row(2, question.reference.zh, user_id=""),
        row(3, question.misconceptions[0].text.zh, user_id="中"),
        row(4, "", user_id="-1+1"),
    ]
    out = tmp_path / f"out.{form}"
    summary = score_file(write(tmp_path / "in.csv", given), out, grader, bank)
    rows = read(out)
    assert [list(each) for each in rows] == [["submission_id", "question_id", "answer", "user_id", *RESULT_COLUMNS]] * 4
    for before, after in zip(given, rows, strict=True):
        assert {name: after[name] for name in before} == before
        grade = grader.grade(question, before["answer"])
        assert (int(after["score"]), int(after["interval_low"]), int(after["interval_high"])) == (
            grade.score,
            *grade.interval,
        )
        assert (after["verdict"], after["status"], after["error"] or "") == (grade.verdict, "ok", "")
        assert (after["feedback"], after["grader"], after["bank"]) == (grade.feedback, grade.grader, bank.hash)
        said = {
            name: [text for text in after[name].split(" | ") if text] for name in ("covered", "missing", "contradicted")
        }
        texts = {point.text.in_lang(grade.lang) for point in question.key_points}
        assert {text for found in said.values() for text in found} == texts
        assert said["covered"] == [point.text for point in grade.points("covered")]
    assert rows[3]["verdict"] == "no_answer"
    assert summary == BatchSummary(4, 4, 0, 0, sum(int(each["score"]) for each in rows) / 4)
    assert leftovers(tmp_path) == set()


def test_bad_rows_stop_nothing(tmp_path: Path, bank: Bank, grader: Watched):
    good = bank.get(QUESTION).reference.en
    own = {
        "question": "Why is the sky blue?",
        "reference_answer": "Air scatters short wavelengths most.",
        "question_id": "",
    }
    blank = {"question": "", "reference_answer": ""}
    given = [
        {**row(1, good), **blank},
        {**row(2, "x", "no-such-id"), **blank},
        {**row(3, "x", ""), **blank},
        {**row(4, "x"), **own},
        {**row(5, "x"), **own, "reference_answer": ""},
        {**row(6, "a" * (MAX_ANSWER + 1)), **blank},
        {**row(7, "BOOM"), **blank},
        {**row(8, good), **blank},
    ]
    summary = score_file(write(tmp_path / "in.csv", given), tmp_path / "out.csv", grader, bank)
    rows = {each["submission_id"]: each for each in read(tmp_path / "out.csv")}
    failed = {name: each["error"] for name, each in rows.items() if each["status"] == "error"}
    assert set(failed) == {"s2", "s3", "s5", "s6", "s7"}
    for name, reason in (
        ("s2", "no-such-id"),
        ("s3", "names no question"),
        ("s5", "reference_answer"),
        ("s6", "20,001 characters"),
        ("s7", "out of memory"),
    ):
        assert reason in failed[name]
        assert rows[name]["score"] == rows[name]["verdict"] == ""
    assert rows["s1"]["score"] == rows["s8"]["score"] == str(grader.grade(bank.get(QUESTION), good).score)
    expected = grader.grade(ad_hoc_question(own["question"], own["reference_answer"]), "x")
    assert rows["s4"]["score"] == str(expected.score)
    assert (summary.rows, summary.ok, summary.errors) == (8, 3, 5)


def test_unreadable_rows_keep_their_place(tmp_path: Path, bank: Bank, grader: Watched):
    source = tmp_path / "in.jsonl"
    good = json.dumps(row(1, "chunks too large dilute the topic"))
    source.write_text(f"{good}\n{{broken\n{json.dumps(row(2, ['a', 'list']))}\n{json.dumps(row(3, None))}\n")
    score_file(source, tmp_path / "out.jsonl", grader, bank)
    rows = read(tmp_path / "out.jsonl")
    assert [each["status"] for each in rows] == ["ok", "error", "error", "ok"]
    assert "Line 2" in rows[1]["error"] and "'answer' holds a JSON list" in rows[2]["error"]
    assert rows[2]["answer"] == ["a", "list"] and rows[3]["answer"] is None
    assert rows[3]["verdict"] == "no_answer"


HARD = [
    "emoji 😀👩‍👩‍👧 and more",
    "control \x07\x1b[31m\x00 characters",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "שלום עולם \u202e right to left",
    "lone \ud800 surrogate",
    "'; DROP TABLE attempts; --",
    "=HYPERLINK(1)",
    '"quoted", and\r\nbroken\nlines',
    "长" * 9_000,
]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_hard_texts_come_back_as_they_were(tmp_path: Path, bank: Bank, grader: Watched, form: str):
    given = [row(number, text) for number, text in enumerate(HARD)]
    out = tmp_path / f"out.{form}"
    assert score_file(write(tmp_path / "in.jsonl", given), out, grader, bank).errors == 0
    for before, after in zip(given, read(out), strict=True):
        lost = form == "csv" and "\ud800" in before["answer"]  # no UTF-8 file can hold one
        assert after["answer"] == (before["answer"].replace("\ud800", "?") if lost else before["answer"])


def test_texts_that_we_write_never_start_a_formula(tmp_path: Path, bank: Bank, grader: Watched):
    reference = '=HYPERLINK("http://x") makes one claim. @SUM makes another one.'
    given = [{"submission_id": "=1", "question": "+why", "reference_answer": reference, "answer": reference}]
    for name in ("in", "again"):
        score_file(write(tmp_path / f"{name}.csv", given), tmp_path / "out.csv", grader, bank, resume=name == "again")
        after = read(tmp_path / "out.csv")[0]
        assert {name: after[name] for name in given[0]} == given[0]
        written = after["covered"] + after["missing"] + after["contradicted"]
        assert written.startswith("'=HYPERLINK")


def test_a_column_with_our_name_is_kept_under_another(tmp_path: Path, bank: Bank, grader: Watched):
    given = [row(1, "chunks", score="A+", input_score="B", status="late")]
    summary = score_file(write(tmp_path / "in.csv", given), tmp_path / "out.csv", grader, bank)
    after = read(tmp_path / "out.csv")[0]
    assert (after["input_input_score"], after["input_score"], after["input_status"]) == ("A+", "B", "late")
    assert after["status"] == "ok" and after["score"].isdigit()
    assert dict(summary.renamed) == {"score": "input_input_score", "status": "input_status"}


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        (["question_id", "answer"], "column submission_id"),
        (["submission_id", "question_id"], "column answer"),
        (["submission_id", "answer"], "column question_id"),
        (["submission_id", "answer", "question"], "column reference_answer"),
        (["submission_id", "answer", "reference_answer"], "column question"),
        (["x"], "columns submission_id and answer and question_id"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, bank: Bank, grader: Watched, columns: list[str], named: str):
    source = write(tmp_path / "in.csv", [dict.fromkeys(columns, "v")])
    with pytest.raises(InputError, match=named):
        score_file(source, tmp_path / "out.csv", grader, bank)
    assert not (tmp_path / "out.csv").exists()


def test_columns_are_found_whatever_their_case(tmp_path: Path, bank: Bank, grader: Watched):
    given = [{" Submission ID": "1", "Question-Id": QUESTION, "ANSWER": "chunks", "x": ""}]
    assert score_file(write(tmp_path / "in.csv", given), tmp_path / "out.csv", grader, bank).ok == 1


def test_places_that_cannot_be_written(tmp_path: Path, bank: Bank, grader: Watched):
    source = write(tmp_path / "in.csv", [row(1, "x")])
    before = source.read_bytes()
    for out, report, says in (
        (source, None, "input itself"),
        (tmp_path / "out.xlsx", None, ".jsonl"),
        (tmp_path / "no" / "out.csv", None, "does not exist"),
        (tmp_path / "out.csv", source, "input itself"),
        (tmp_path / "out.csv", tmp_path / "out.csv", "both"),
    ):
        with pytest.raises(InputError, match=says):
            score_file(source, out, grader, bank, report=report)
    assert source.read_bytes() == before


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
from assistant.grading import BaselineGrader
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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_counts_and_escapes(tmp_path: Path, bank: Bank, grader: Watched, lang: Any):
    evil = "<script>alert(1)</script>"
    own = {"question_id": "", "question": f"Why {evil}?", "reference_answer": f"Because {evil} <b>bold</b> is bad."}
    none = {"question": "", "reference_answer": ""}
    given = [
        {**row(1, bank.get(QUESTION).reference.en), **none},
        {**row(2, "no idea"), **none},
        {**row(3, "x"), **own},
        {**row(4, "x", f"no{evil}"), **none},
    ]
    source, report = write(tmp_path / "in.csv", given), tmp_path / "report.html"
    summary = score_file(source, tmp_path / "out.csv", grader, bank, report=report, lang=lang)
    page = report.read_text(encoding="utf-8")
    assert "<script" not in page and "<b>bold" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=|@import|url\(", page)  # self-contained
    assert f"{summary.mean_score:.1f}" in page
    assert bank.get(QUESTION).question.in_lang(lang) in page
    assert bank.get(QUESTION).key_points[0].text.en in page  # missed by the second answer
    bars = re.findall(r"<span dir=\"auto\">\d+–\d+</span>.*?<b>(\d+)</b>", page)
    assert len(bars) == 10 and sum(map(int, bars)) == summary.ok == 3


@pytest.mark.parametrize(("encoding", "marked"), [("utf-8", False), ("utf-8-sig", True), ("gb18030", True)])
def test_the_result_bears_a_mark_where_the_source_came_from_a_spreadsheet(
    tmp_path: Path, bank: Bank, encoding: str, marked: bool
):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("submission_id,question_id,answer\n1,rag-chunk-size,块太大检索就不准\n", encoding=encoding)
    score_file(source, out, BaselineGrader(TinyEncoder(), bank), bank)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") == marked
