import json
import logging
import signal
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

import assistant.index
from assistant.index import VectorIndex, build, load, open_index, rows_of, save
from assistant.question import Bilingual
from tests.examples import make_question
from tests.tiny import TinyEncoder

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = [make_question(n) for n in range(6)]
TEXTS = rows_of(QUESTIONS)[1]


class OtherEncoder(TinyEncoder):
    name = "other"


class SmallerEncoder(TinyEncoder):
    dimension = 128


def changed(number: int) -> list:
    """The questions, one of them with another English text."""
    other = replace(QUESTIONS[number], question=Bilingual(QUESTIONS[number].question.zh, "Something else entirely?"))
    return [other if n == number else question for n, question in enumerate(QUESTIONS)]


def same(one: VectorIndex, other: VectorIndex) -> bool:
    return one.rows == other.rows and np.array_equal(one.vectors(), other.vectors())


def test_every_text_of_both_languages_has_a_row(tiny):
    index = build(QUESTIONS, "h", tiny)
    assert len(index.rows) == 6 * 4 == index.faiss.ntotal
    assert sorted(tiny.encoded) == sorted(TEXTS)
    for row, text in zip(index.rows, TEXTS, strict=True):
        question = next(q for q in QUESTIONS if q.id == row.question_id)
        assert getattr(getattr(question, row.field), row.lang) == text


def test_empty_texts_have_no_row(tiny):
    bare = replace(QUESTIONS[0], question=Bilingual("", "only English?"), reference=Bilingual("", ""))
    assert [(row.lang, row.field) for row in build([bare], "h", tiny).rows] == [("en", "question")]
    assert build([], "h", tiny).search(np.ones(256, dtype=np.float32), 5) == []


def test_only_changed_texts_are_encoded_again(tiny):
    old = build(QUESTIONS, "h", tiny)
    tiny.encoded.clear()
    new = build(changed(3), "h2", tiny, old)
    assert tiny.encoded == ["Something else entirely?"]
    assert new.encoded == 1
    assert same(new, build(changed(3), "h2", TinyEncoder()))


def test_questions_that_moved_or_went_cost_nothing(tiny):
    old = build(QUESTIONS, "h", tiny)
    tiny.encoded.clear()
    new = build(QUESTIONS[4:1:-1], "h2", tiny, old)
    assert tiny.encoded == []
    assert same(new, build(QUESTIONS[4:1:-1], "h2", TinyEncoder()))


def test_another_encoders_vectors_are_not_reused(tiny):
    other = OtherEncoder()
    build(QUESTIONS, "h", other, build(QUESTIONS, "h", tiny))
    assert len(other.encoded) == len(TEXTS)


def test_a_saved_index_is_loaded_and_nothing_is_encoded(tmp_path, tiny):
    made = open_index(QUESTIONS, "h", tiny, tmp_path / "index")
    tiny.encoded.clear()
    again = open_index(QUESTIONS, "h", tiny, tmp_path / "index")
    assert tiny.encoded == []
    assert same(made, again)


def test_a_changed_bank_updates_the_stored_index_and_leaves_one_file(tmp_path, tiny):
    open_index(QUESTIONS, "h", tiny, tmp_path)
    tiny.encoded.clear()
    open_index(changed(0), "h2", tiny, tmp_path)
    assert tiny.encoded == ["Something else entirely?"]
    assert same(load(tmp_path, tiny), build(changed(0), "h2", tiny))
    assert len(list(tmp_path.iterdir())) == 2


def test_the_same_questions_in_another_order_get_their_own_rows(tmp_path, tiny):
    open_index(QUESTIONS, "h", tiny, tmp_path)
    tiny.encoded.clear()
    turned = open_index(QUESTIONS[::-1], "h", tiny, tmp_path)  # a bank's hash does not depend on its order
    assert list(turned.rows) == rows_of(QUESTIONS[::-1])[0]
    assert tiny.encoded == []


def vectors_file(folder: Path) -> Path:
    return next(folder.glob("*.faiss"))


def truncated(folder: Path) -> None:
    path = vectors_file(folder)
    path.write_bytes(path.read_bytes()[:-100])


def bit_flipped(folder: Path) -> None:
    data = bytearray(vectors_file(folder).read_bytes())
    data[len(data) // 2] ^= 1
    vectors_file(folder).write_bytes(data)


def garbage(folder: Path) -> None:
    """Not an index at all, under a manifest that vouches for it."""
    data = b"\x00garbage" * 1000
    vectors_file(folder).write_bytes(data)
    edited(folder, bytes=len(data), crc32=zlib.crc32(data))


def edited(folder: Path, **values: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **values}))


def row_missing(folder: Path) -> None:
    edited(folder, rows=json.loads((folder / "manifest.json").read_text())["rows"][:-1])


DAMAGE = {
    "empty folder": (lambda f: [path.unlink() for path in f.iterdir()], "No search index"),
    "no vectors": (lambda f: vectors_file(f).unlink(), "is damaged"),
    "truncated": (truncated, "is damaged"),
    "empty vectors": (lambda f: vectors_file(f).write_bytes(b""), "is damaged"),
    "one bit flipped": (bit_flipped, "is damaged"),
    "garbage": (garbage, "is damaged"),
    "a row too few": (row_missing, "is damaged"),
    "rows of another shape": (lambda f: edited(f, rows=[["a", "b"]] * 24), "is damaged"),
    "rows are no list": (lambda f: edited(f, rows=7), "is damaged"),
    "no rows": (lambda f: edited(f, rows=None), "is damaged"),
    "file is no name": (lambda f: edited(f, file=None), "is damaged"),
    "manifest truncated": (lambda f: (f / "manifest.json").write_text('{"format": 1, "enc'), "No search index"),
    "manifest is a list": (lambda f: (f / "manifest.json").write_text("[1]"), "No search index"),
    "manifest is not text": (lambda f: (f / "manifest.json").write_bytes(b"\xff\xfe\x00"), "No search index"),
    "another format": (lambda f: edited(f, format=99), "rebuilding"),
    "another encoder": (lambda f: edited(f, encoder="foreign"), "made by 'foreign'"),
}


@pytest.mark.parametrize(("harm", "said"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_or_foreign_index_is_rebuilt_with_one_sentence(tmp_path, tiny, caplog, harm, said):
    fresh = open_index(QUESTIONS, "h", tiny, tmp_path)
    harm(tmp_path)
    tiny.encoded.clear()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        rebuilt = open_index(QUESTIONS, "h", tiny, tmp_path)
    assert same(rebuilt, fresh)
    assert len(tiny.encoded) == len(TEXTS)
    assert len(caplog.messages) == 1
    assert said in caplog.messages[0]
    assert "\n" not in caplog.messages[0]
    assert same(load(tmp_path, tiny), fresh)


def test_an_index_of_another_dimension_is_rebuilt(tmp_path, tiny):
    open_index(QUESTIONS, "h", tiny, tmp_path)
    assert load(tmp_path, SmallerEncoder()) is None
    assert open_index(QUESTIONS, "h", SmallerEncoder(), tmp_path).faiss.d == 128


def test_rows_that_are_not_the_banks_are_not_believed(tmp_path, tiny):
    open_index(QUESTIONS, "h", tiny, tmp_path)
    rows = json.loads((tmp_path / "manifest.json").read_text())["rows"]
    edited(tmp_path, rows=[["no-such-question", *row[1:]] for row in rows])
    assert list(open_index(QUESTIONS, "h", tiny, tmp_path).rows) == rows_of(QUESTIONS)[0]


def test_the_manifest_cannot_name_a_file_elsewhere(tmp_path, tiny):
    folder = tmp_path / "index"
    open_index(QUESTIONS, "h", tiny, folder)
    vectors_file(folder).rename(tmp_path / "outside.faiss")
    edited(folder, file="../outside.faiss")
    assert load(folder, tiny) is None


def test_a_folder_that_cannot_be_written_costs_a_sentence(tmp_path, tiny, caplog):
    (tmp_path / "file").write_text("in the way")
    index = open_index(QUESTIONS, "h", tiny, tmp_path / "file")
    assert len(index.rows) == len(TEXTS)
    assert "could not be stored" in caplog.text


KILLED_SAVE = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.examples import make_question
from tests.tiny import TinyEncoder
from assistant.index import build, save

def dying(real, at, calls=[0]):
    def call(*arguments, **named):
        calls[0] += 1
        if calls[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call

name, at = sys.argv[2], int(sys.argv[3])
if name == "fsync":
    os.fsync = dying(os.fsync, at)
else:
    setattr(Path, name, dying(getattr(Path, name), at))
save(build([make_question(n) for n in range(20)], "new", TinyEncoder()), Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("name", "at", "in_force"),
    [("fsync", 1, "old"), ("fsync", 2, "old"), ("replace", 1, "old"), ("unlink", 1, "new")],
)
def test_a_process_killed_while_saving_leaves_a_whole_index(tmp_path, tiny, name, at, in_force):
    old = build(QUESTIONS, "old", tiny)
    save(old, tmp_path)
    command = [sys.executable, "-c", KILLED_SAVE, str(tmp_path), name, str(at)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    found = load(tmp_path, tiny)
    assert found.bank_hash == in_force
    assert len(found.rows) == (len(TEXTS) if in_force == "old" else 80)
    assert in_force == "new" or same(found, old)


def random_index(count: int, dimension: int = 32) -> tuple[VectorIndex, np.ndarray]:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = assistant.index.new_faiss(dimension, count)
    index.add(vectors)
    rows = tuple(assistant.index.Row(f"q{n}", "en", "question", str(n)) for n in range(count))
    return VectorIndex("random", "h", rows, index), vectors


def by_hand(vectors: np.ndarray, query: np.ndarray, k: int, allowed: list[int]) -> list[int]:
    scores = vectors @ query
    return sorted(allowed, key=lambda row: -scores[row])[:k]


@pytest.mark.parametrize("allowed", [None, [], [5], list(range(0, 500, 7))])
@pytest.mark.parametrize("k", [1, 10, 1000])
def test_the_flat_index_is_exact(allowed, k):
    index, vectors = random_index(500)
    assert isinstance(index.faiss, faiss.IndexFlatIP)
    query = vectors[17] + 0.5 * vectors[400]
    found = index.search(query, k, allowed)
    assert [row for row, _ in found] == by_hand(vectors, query, k, list(range(500)) if allowed is None else allowed)
    for row, score in found:
        assert score == pytest.approx(float(vectors[row] @ query), abs=1e-5)


def test_above_the_threshold_a_graph_answers_nearly_as_well(monkeypatch):
    monkeypatch.setattr(assistant.index, "EXACT_BELOW", 1000)
    assert isinstance(random_index(999)[0].faiss, faiss.IndexFlatIP)
    index, vectors = random_index(3000)
    assert isinstance(index.faiss, faiss.IndexHNSW)
    rng = np.random.default_rng(1)
    right = 0
    for query in rng.normal(size=(50, 32)).astype(np.float32):
        found = [row for row, _ in index.search(query, 10)]
        right += len(set(found) & set(by_hand(vectors, query, 10, list(range(3000)))))
    assert right >= 0.95 * 500


def test_the_graph_respects_the_allowed_rows(monkeypatch):
    monkeypatch.setattr(assistant.index, "EXACT_BELOW", 1000)
    index, vectors = random_index(2000)
    allowed = list(range(0, 2000, 5))
    found = [row for row, _ in index.search(vectors[3], 10, allowed)]
    assert set(found) <= set(allowed)
    assert len(set(found) & set(by_hand(vectors, vectors[3], 10, allowed))) >= 9


def test_a_graph_is_stored_and_loaded(monkeypatch, tmp_path, tiny):
    monkeypatch.setattr(assistant.index, "EXACT_BELOW", 10)
    made = open_index(QUESTIONS, "h", tiny, tmp_path)
    loaded = load(tmp_path, tiny)
    assert isinstance(loaded.faiss, faiss.IndexHNSW)
    assert same(made, loaded)
    query = tiny.encode([TEXTS[0]])[0]
    assert loaded.search(query, 5) == made.search(query, 5)
    assert loaded.search(query, 1)[0][0] == 0
