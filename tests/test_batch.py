import json
import re
from pathlib import Path
from typing import Any

import pytest

from assistant.ad_hoc import ad_hoc_question
from assistant.bank import Bank
from assistant.baseline import BaselineGrader
from assistant.batch import BatchSummary, score_file
from assistant.batch_rows import RESULT_COLUMNS
from assistant.errors import InputError
from assistant.text import MAX_ANSWER
from tests.answer_tables import QUESTION, Watched, leftovers, read, row, write
from tests.tiny import TinyEncoder

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def grader(bank: Bank) -> Watched:
    return Watched(bank)


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
