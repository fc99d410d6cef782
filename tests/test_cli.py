"""The command line as other programs use it: processes, their exit codes, and what stands on stdout and stderr."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from assistant.bank import Bank
from assistant.batch_rows import RESULT_COLUMNS
from tests.command_line import QUESTION, REAL, ROOT, TINY, call, environment, hears_interruptions, json_of, sentence_of

GRADE_KEYS = {
    "score",
    "interval",
    "verdict",
    "key_points",
    "flags",
    "feedback",
    "lang",
    "grader",
    "encoder",
    "bank",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def answers_file(path: Path, *rows: tuple[str, str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("submission_id", "question_id", "answer"), *rows])
    return path


def test_help_imports_nothing_heavy(data: Path):
    code = (
        "import sys; from assistant.cli.main import run; code = run(sys.argv[1:]); "
        "print(sorted({'torch', 'gradio', 'transformers', 'sentence_transformers', 'pandas'} & set(sys.modules)))"
    )
    for arguments in (["--help"], ["batch", "--help"], ["bank", "stats", "--json"]):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment(data), capture_output=True, check=True)
        assert done.stdout.decode().splitlines()[-1] == "[]"


def test_help_names_every_verb(data: Path):
    shown = call(data, "--help", program=REAL).stdout.decode()
    assert all(f" {verb} " in shown for verb in ("serve", "search", "score", "mock", "batch", "bank", "doctor"))
    shown = call(data, "bank", "--help", program=REAL).stdout.decode()
    assert " validate " in shown and " stats " in shown


WRONG_USAGE: list[tuple[list[str], str]] = [
    (["dance"], "No such command 'dance'"),
    (["search"], "query"),
    (["search", "  "], "query is empty"),
    (["search", "x", "-k", "0"], "k is 0"),
    (["search", "x", "-k", "many"], "valid integer"),
    (["search", "x", "--lang", "fr"], "zh or en"),
    (["search", "x", "--topic", "cooking"], "use one of agents"),
    (["search", "\udcff\udcfe"], "query is empty"),
    (["score", "--answer", "x"], "--question ID"),
    (["score", "--answer", "x", "--prompt", "Why?"], "--reference"),
    (["score", "--answer", "x", "--question", "nowhere"], "'nowhere'"),
    (["score", "--answer", "x" * 100_000, "--question", QUESTION], "100,000 characters"),
    (["score", "--answer", "x", "--prompt", " ", "--reference", "r"], "question is empty"),
    (["mock", "--length", "0"], "--length"),
    (["mock", "--topic", "cooking"], "use one of agents"),
    (["batch", "in.csv"], "--out"),
    (["batch", "no-such.csv", "-o", "out.csv"], "No such file"),
    (["batch", "pyproject.toml", "-o", "out.csv"], ".csv, .tsv, .jsonl"),
    (["batch", "x.csv", "-o", "out.csv", "--engine", "ray"], "not part of this version"),
    (["bank", "validate", "no-such-folder"], "not a folder"),
    (["serve", "--port", "99999999"], "--port"),
]


@pytest.fixture(scope="module")
def refusals(data: Path) -> list[tuple[int, str, str]]:
    """What became of WRONG_USAGE, run one after another in one process."""
    arguments = [[*arguments, "--json"] for arguments, _ in WRONG_USAGE]
    done = call(data, "--many", stdin=json.dumps(arguments).encode())
    return [tuple(result) for result in json_of(done)]


@pytest.mark.parametrize("number", range(len(WRONG_USAGE)), ids=[says for _, says in WRONG_USAGE])
def test_wrong_usage_is_one_sentence_and_exit_code_two(refusals: list[tuple[int, str, str]], number: int):
    code, out, err = refusals[number]
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert WRONG_USAGE[number][1] in line and len(line) < 400


def test_settings_that_cannot_be_used(data: Path):
    assert "ASSISTANT_LANG" in sentence_of(call(data, "search", "x", ASSISTANT_LANG="fr"))


def test_bytes_that_are_no_text_on_the_command_line(data: Path):
    assert "query is empty" in sentence_of(call(data, "search", b"\xff\xfe"))


def test_a_broken_bank_is_told_and_exit_code_one(data: Path, tmp_path: Path):
    (tmp_path / "rag.yaml").write_text("topic: [", encoding="utf-8")
    done = call(data, "search", "x", ASSISTANT_BANKS=str(tmp_path))
    assert done.returncode == 1 and "rag.yaml" in done.stderr.decode()
    done = call(data, "bank", "validate", "--fast", "--json", ASSISTANT_BANKS=str(tmp_path))
    assert done.returncode == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["file"] == "questions/rag.yaml" and "YAML" in problem["message"]


def test_search_as_json(data: Path, bank: Bank):
    hits = json_of(call(data, "search", "RAG 文档切块多大合适", "-k", "3", "--lang", "zh", "--json"))
    assert len(hits) == 3 and hits[0]["id"] == QUESTION
    assert all(set(hit) == {"id", "question", "score", "lang", "topic"} for hit in hits)
    assert hits[0]["question"] == bank.get(QUESTION).question.zh
    only = json_of(call(data, "search", "chunk", "--topic", "peft", "--json"))
    assert {hit["topic"] for hit in only} == {"peft"}


def test_search_for_people(data: Path, bank: Bank):
    shown = " ".join(call(data, "search", "chunk size", "-k", "1").stdout.decode().split())
    assert QUESTION in shown and bank.get(QUESTION).question.en in shown


def test_score_reads_stdin_in_any_encoding(data: Path, bank: Bank):
    answer = bank.get(QUESTION).reference.zh
    expected = json_of(call(data, "score", "--question", QUESTION, "--answer", answer, "--json"))
    assert set(expected) == GRADE_KEYS and expected["score"] > 50 and expected["lang"] == "zh"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        piped = call(data, "score", "--question", QUESTION, "--answer", "-", "--json", stdin=answer.encode(encoding))
        assert json_of(piped) == expected
    noise = call(data, "score", "--question", QUESTION, "--answer", "-", stdin=os.urandom(100_000))
    assert "stdin" in sentence_of(noise)


def test_score_of_nothing_and_of_bytes_that_are_no_text(data: Path):
    for answer in (b"", b"  ", b"\xff\xfe \xed\xa0\x80"):
        grade = json_of(call(data, "score", "--question", QUESTION, "--answer", answer, "--json"))
        assert (grade["verdict"], grade["score"]) == ("no_answer", 0)


def test_score_of_a_question_of_ones_own(data: Path):
    reference = "Dropout switches off random units in training. At inference all units are used and nothing is dropped."
    arguments = ["--prompt", "What is dropout?", "--reference", reference, "--answer", reference, "--json"]
    grade = json_of(call(data, "score", *arguments))
    assert grade["score"] > 50
    assert sorted(point["text"] for point in grade["key_points"]) == sorted(re.split(r"(?<=\.) ", reference))
    for point in grade["key_points"]:
        evidence = point["evidence"]
        assert evidence is None or reference[evidence["start"] : evidence["end"]] == evidence["text"]


def test_batch_by_the_contract(data: Path, tmp_path: Path, bank: Bank):
    source = answers_file(
        tmp_path / "in.csv",
        ("a", QUESTION, bank.get(QUESTION).reference.en),
        ("b", "nowhere", "x"),
        ("c", QUESTION, ""),
    )
    out, report = tmp_path / "out.jsonl", tmp_path / "report.html"
    done = call(data, "batch", str(source), "-o", str(out), "--report", str(report), "--jobs", "1", "--json")
    assert done.returncode == 1 and done.stderr == b""
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["ok"], summary["errors"], summary["kept"]) == (3, 2, 1, 0)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in rows] == [["submission_id", "question_id", "answer", *RESULT_COLUMNS]] * 3
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    assert "nowhere" in rows[1]["error"]
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    answers_file(source, ("a", QUESTION, bank.get(QUESTION).reference.en), ("b", QUESTION, "x"))
    again = json_of(call(data, "batch", str(source), "-o", str(out), "--resume", "--json"))
    assert (again["rows"], again["ok"], again["kept"]) == (2, 2, 1)


def test_batch_of_nonsense(data: Path, tmp_path: Path):
    source, out = tmp_path / "noise.csv", tmp_path / "out.csv"
    source.write_bytes(os.urandom(50_000_000))
    assert "noise.csv" in sentence_of(call(data, "batch", str(source), "-o", str(out)))
    source.write_bytes(b"name,price\nx,1\n")
    assert "submission_id" in sentence_of(call(data, "batch", str(source), "-o", str(out)))
    assert not out.exists()


def test_bank_stats(data: Path, bank: Bank):
    stats = json_of(call(data, "bank", "stats", "--json", program=REAL))
    assert set(stats) == {"questions", "topics", "languages", "drills"}
    assert stats["questions"] == len(bank) == sum(stats["topics"].values())
    assert stats["languages"] == {"zh": len(bank), "en": len(bank)}


def test_bank_validate_passes_on_the_bank(data: Path, bank: Bank):
    found = json_of(call(data, "bank", "validate", "--fast", "--json", program=REAL))
    assert found == {"questions": len(bank), "problems": [], "warnings": []}


def test_doctor_looks_at_this_machine(tmp_path: Path):
    done = call(tmp_path, "doctor", "--json", program=REAL)
    found = json.loads(done.stdout)
    assert {"encoder", "index", "device", "sandbox", "voice", "problems"} <= set(found)
    assert done.returncode == bool(found["problems"])
    assert found["device"] in ("cpu", "cuda", "mps")
    assert found["encoder"]["sha256_ok"] and found["data"]["writable"]
    assert found["index"]["state"] == "missing"
    lines = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else ""
    assert found["sandbox"]["seccomp"] is ("Seccomp:" in lines)


def test_doctor_names_every_problem_with_its_remedy(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    index = tmp_path / "data" / "index"
    index.mkdir(parents=True)
    (index / "manifest.json").write_text("{}")
    for folder, parts, encoder in (
        (blocked / "data", {"data", "encoder"}, str(tmp_path)),
        (tmp_path / "data", {"index", "encoder"}, "no/such-model"),
    ):
        done = call(folder, "doctor", "--json", program=REAL, ASSISTANT_ENCODER=encoder)
        problems = json.loads(done.stdout)["problems"]
        assert done.returncode == 1
        assert {problem["part"] for problem in problems} == parts
        assert all(problem["problem"] and problem["remedy"] for problem in problems)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = call(blocked / "data", "mock", "--length", "1", stdin=b":quit\n")
    assert done.returncode == 1 and done.stdout == b""
    assert len(done.stderr.decode().splitlines()) == 1


def test_serve_prints_its_address_as_json(tmp_path: Path):
    command = [sys.executable, "-m", TINY, "serve", "--json"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=hears_interruptions,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(url) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        process.wait()


def test_the_whole_way_with_the_real_encoder(tmp_path: Path, encoder_cache: Path, bank: Bank):
    for name, kept in (("models", encoder_cache), ("index", encoder_cache / "index-of-browser-tests")):
        kept.mkdir(parents=True, exist_ok=True)  # made once a machine, shared with the browser tests
        (tmp_path / name).symlink_to(kept)
    source = answers_file(
        tmp_path / "in.csv", ("good", QUESTION, bank.get(QUESTION).reference.zh), ("bad", QUESTION, "今天天气很好。")
    )
    done = call(tmp_path, "batch", str(source), "-o", str(tmp_path / "out.csv"), "--json", program=REAL)
    assert done.stderr == b""
    assert json_of(done)["ok"] == 2
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert int(rows[0]["score"]) > 70 and int(rows[1]["score"]) < 30
