"""The page's parts without a browser, and its endpoints through gradio_client."""

import csv
import json
import random
import string
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from assistant.bank import Bank
from assistant.baseline import BaselineGrader
from assistant.batch import score_file
from assistant.errors import InputError
from assistant.filters import Filter
from assistant.interview import Plan, start
from assistant.question import Bilingual
from assistant.search import Search
from assistant.session import check_words
from assistant.text import check_answer
from assistant.ui import text
from assistant.ui.exports import new_file
from assistant.ui.language import preferred_lang
from assistant.ui.progress import local
from tests.apps import ROOT, TINY, app_process
from tests.tiny import TinyEncoder

# --- words ---


def words() -> dict[str, Bilingual]:
    found = {name: value for name, value in vars(text).items() if isinstance(value, Bilingual)}
    for table in (text.ROLES, text.KINDS, text.SOURCES):
        found |= table
    return found | {f"difficulty {span}": name for span, name in text.DIFFICULTIES}


def test_every_string_is_there_in_both_languages_with_the_same_values() -> None:
    for name, value in words().items():
        assert value.zh.strip(), name
        assert value.en.strip(), name
        assert value.en.isascii() or not any("\u4e00" <= char <= "\u9fff" for char in value.en), name
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(said) if field} for said in (value.zh, value.en)
        ]
        assert fields[0] == fields[1], name


def test_the_banks_roles_and_kinds_have_names(bank: Bank) -> None:
    assert {role for question in bank for role in question.roles} <= text.ROLES.keys()
    assert {question.kind for question in bank} <= text.KINDS.keys()


@pytest.mark.parametrize(
    ("header", "forced", "chosen", "expected"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", None, None, "zh"),
        ("en-GB,en;q=0.9,zh;q=0.1", None, None, "en"),
        ("de-DE, zh-TW;q=0.8", None, None, "zh"),
        ("fr", None, None, "en"),
        ("", None, None, "en"),
        ("en", "zh", None, "zh"),
        ("en", "zh", "en", "en"),
        ("zh", None, {"not": "a language"}, "zh"),
    ],
)
def test_the_first_language(header: str, forced: str | None, chosen: object, expected: str) -> None:
    assert preferred_lang(header, forced, chosen) == expected


def failures(bank: Bank, tmp_path: Path) -> Iterator[Exception]:
    """The mistakes that a user of the page can make, as the domain reports them."""
    files = {
        "columns.csv": b"a,b\n1,2\n",
        "noise.csv": bytes(range(256)) * 100,
        "table.xlsx": b"PK",
        "empty.jsonl": b"",
        "list.jsonl": b"[]\n",
        "twice.csv": b"a,a\n1,2\n",
        "blank.csv": b"",
        "sheet.csv": b"PK\x03\x04" + bytes(100),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    encoder = TinyEncoder()
    grader = BaselineGrader(encoder, bank)
    for mistake in (
        lambda: check_answer("x" * 30_000),
        lambda: check_words(" "),
        lambda: Search.open(bank, encoder).search(" ", 5, Filter()),
        lambda: start("x", bank, Plan(topics=("none",)), random.Random(1)),
        lambda: start("x", bank, Plan(), random.Random(1)).finish().current,
        lambda: bank.get("none"),
        *(lambda name=name: score_file(tmp_path / name, tmp_path / "out.csv", grader, bank) for name in files),
    ):
        with pytest.raises(InputError) as caught:
            mistake()
        yield caught.value


def test_mistakes_are_explained_in_the_pages_language(bank: Bank, tmp_path: Path) -> None:
    for problem in failures(bank, tmp_path):
        assert text.explained(problem, "en") == str(problem)
        assert any("\u4e00" <= char <= "\u9fff" for char in text.explained(problem, "zh")), problem


def test_times_are_local_and_a_false_zone_is_no_error() -> None:
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert local(at, "Asia/Shanghai") == "2026-11-23 07:30"
    for zone in ("", None, "No/Where", "../../etc/passwd", "America", "\0"):
        assert local(at, zone).startswith("2026-11-22 23:30")


def test_an_export_keeps_only_the_name() -> None:
    assert new_file("../../evil.csv").name == "evil.csv"
    assert new_file("a.csv") != new_file("a.csv")


def test_the_page_is_built_without_anything_heavy(tmp_path: Path) -> None:
    program = """
import json, sys
from pathlib import Path
from assistant.engine import Engine
from assistant.settings import Settings
from assistant.ui.app import build_app
app = build_app(Engine(Settings(data=Path(sys.argv[1]))))
public = sorted(fn.api_name for fn in app.fns.values() if fn.api_visibility == "public")
late = ("torch", "transformers", "sentence_transformers", "plotly", "faiss", "bm25s", "rjieba")
heavy = [name for name in late if name in sys.modules]
print(json.dumps([public, heavy]))
"""
    arguments = [sys.executable, "-c", program, tmp_path]
    run = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [["batch", "questions", "score", "search"], []]
    assert not list(tmp_path.iterdir())


# --- endpoints ---


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with app_process(tmp_path_factory.mktemp("api"), TINY) as address:
        yield Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_questions_and_search(client: Client, bank: Bank) -> None:
    assert len(client.predict(api_name="/questions")) == len(bank)
    chosen = client.predict(topic="rag", difficulty_max=2, api_name="/questions")
    assert {question["id"] for question in chosen} == {q.id for q in bank.select(["rag"], difficulty=(1, 2))}
    hits = client.predict(query=bank.questions[3].question.zh, k=3, lang="zh", api_name="/search")
    assert [set(hit) for hit in hits] == [{"id", "question", "score", "lang", "topic"}] * 3
    assert hits[0]["id"] == bank.questions[3].id


def test_score(client: Client, bank: Bank) -> None:
    question = bank.questions[0]
    grade = client.predict(question_id=question.id, answer=question.reference.en, api_name="/score")
    assert [point["id"] for point in grade["key_points"]] == [point.id for point in question.key_points]
    own = client.predict(prompt="What is RAM?", reference="Memory that is fast.", answer="Sand.", api_name="/score")
    assert own["score"] < 50


def test_batch(client: Client, bank: Bank, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(
        f"submission_id,question_id,answer\n1,{bank.questions[0].id},no idea\n2,none,x\n", encoding="utf-8"
    )
    with Path(client.predict(handle_file(source), api_name="/batch")).open(encoding="utf-8-sig", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["ok", "error"]


@pytest.mark.parametrize(
    ("endpoint", "arguments", "sentence"),
    [
        ("/search", {"query": ""}, "empty"),
        ("/search", {"query": ["x"]}, "as text"),
        ("/search", {"query": "x", "k": 1000}, "1 to 100"),
        ("/search", {"query": "x", "k": "many"}, "1 to 100"),
        ("/search", {"query": "x", "k": True}, "1 to 100"),
        ("/search", {"query": "x", "lang": "fr"}, "zh or en"),
        ("/search", {"query": "x", "topic": {"a": 1}}, "use one of"),
        ("/questions", {"topic": "../.."}, "use one of"),
        ("/questions", {"difficulty_min": 0}, "1 to 5"),
        ("/score", {"question_id": "none", "answer": "x"}, "No question has the id"),
        ("/score", {"answer": "x"}, "either question_id, or prompt"),
        ("/score", {"question_id": "rag-chunk-size", "prompt": "x", "answer": "x"}, "either question_id, or prompt"),
        ("/score", {"question_id": "rag-chunk-size", "answer": "x" * 100_000}, "at most"),
        ("/score", {"question_id": "rag-chunk-size", "answer": 5}, "as text"),
    ],
)
def test_wrong_arguments_are_answered_with_a_sentence(
    client: Client, endpoint: str, arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name=endpoint)


def called(client: Client, endpoint: str, data: list[object]) -> str:
    """What a hand-made request gets; the client would upload a local file instead of naming it."""
    address = f"{client.src}gradio_api/call/{endpoint}"
    event = httpx.post(address, json={"data": data}).json()["event_id"]
    return httpx.get(f"{address}/{event}", timeout=60).text


def test_no_file_of_the_machine_is_read(client: Client, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("submission_id,question_id,answer\n1,rag-chunk-size,secret\n", encoding="utf-8")
    for path in (secret, ROOT / "app.py", "/etc/passwd"):
        said = called(client, "batch", [{"path": str(path), "meta": {"_type": "gradio.FileData"}}])
        assert said.startswith("event: error"), said
        assert httpx.get(f"{client.src}gradio_api/file={path}").status_code == 403


def test_a_lone_surrogate_is_no_crash(client: Client) -> None:
    address = f"{client.src}gradio_api/call/score"
    body = '{"data": ["\\ud800", "x", "", ""]}'
    event = httpx.post(address, content=body, headers={"content-type": "application/json"}).json()["event_id"]
    assert "No question has the id" in httpx.get(f"{address}/{event}", timeout=60).text
