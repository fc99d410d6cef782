import csv
import io
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.encodings import MAX_BYTES, decode
from assistant.errors import InputError
from assistant.table_writer import table_writer
from assistant.tables import MAX_COLUMNS, MAX_LINES, format_of, read_table

CHINESE = "编号,问题,回答\n1,什么是注意力？,“权重”由相似度决定，再加权求和。\n2,为什么除以 √dk？,方差会变大……\n"
TRADITIONAL = "id,answer\n1,注意力機制讓每個詞去看其他詞，計算權重後加權求和，訓練時需要大量的資料與運算資源。\n"
EMOJI = "id,answer\n1,很好 😀 שלום\n"
# text without the characters that files cannot hold or that mark a file as no text
cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"))
lines_in_cells = st.lists(cells, max_size=3).map("\n".join)


def rows_of(source: bytes | Path, name: str = "answers.csv"):
    return [(row.line, dict(row.values), row.problem) for row in read_table(source, name)]


def values_of(source: bytes | Path, name: str = "answers.csv"):
    return [row.values for row in read_table(source, name)]


def sentence_for(source: bytes | Path, name: str = "answers.csv") -> str:
    with pytest.raises(InputError) as caught:
        read_table(source, name)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 400
    return sentence


@pytest.mark.parametrize("text", [CHINESE, EMOJI], ids=["chinese", "emoji"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_a_table_reads_the_same_in_every_encoding(text: str, encoding: str):
    expected = list(csv.DictReader(io.StringIO(text)))
    assert values_of(text.encode(encoding)) == expected


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gbk"),
        (TRADITIONAL, "gbk"),
        (TRADITIONAL, "big5"),
        (EMOJI, "utf-16-le"),
        (EMOJI, "utf-16-be"),
        ("id,answer\n1,I don’t think it’s “good” – maybe\n", "cp1252"),
        ("id,answer\n1,Größe der Schlüssel für Köpfe, déjà vu\n", "cp1252"),
        ("x,y\n" * 400_000 + CHINESE, "gbk"),
    ],
)
def test_encodings_without_a_mark_are_told_apart(text: str, encoding: str):
    assert decode(text.encode(encoding), "answers.csv") == text


@given(st.lists(st.lists(lines_in_cells, min_size=3, max_size=3), max_size=6))
def test_what_csv_writes_is_read_untouched(rows: list[list[str]]):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["submission_id", "question", "answer"], *rows])
    expected = [row for row in rows if any(cell.strip() for cell in row)]
    assert [list(row.values()) for row in values_of(file.getvalue().encode())] == expected


@given(st.lists(st.dictionaries(st.sampled_from(["submission_id", "answer", "x"]), st.none() | cells, min_size=1)))
def test_what_json_writes_is_read_untouched(rows: list[dict[str, str | None]]):
    if rows:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        assert values_of(lines.encode(), "a.jsonl") == rows
        assert values_of(json.dumps(rows, indent=1).encode(), "a.json") == rows


def test_separators_are_found_in_the_header():
    assert values_of(b"id;answer\n1;a, b\n") == [{"id": "1", "answer": "a, b"}]
    assert values_of("id\tanswer\n1\ta, b\n".encode("utf-16")) == [{"id": "1", "answer": "a, b"}]
    assert values_of(b"id\tanswer\n1\ta, b\n", "a.tsv") == [{"id": "1", "answer": "a, b"}]


def test_ragged_rows_are_tolerated():
    source = b"id,question,answer\r\n1,q\r\n\r\n,,\r\n2,q,a,,\r\n3,q,a,b\r\n4,q,a"
    short, padded, long, last = rows_of(source)
    assert short == (2, {"id": "1", "question": "q", "answer": ""}, "")
    assert padded == (5, {"id": "2", "question": "q", "answer": "a"}, "")
    assert last == (7, {"id": "4", "question": "q", "answer": "a"}, "")
    line, values, problem = long
    assert (line, values["id"]) == (6, "3")
    assert "Line 6" in problem and "4 cells" in problem
    assert "b" in values["answer"]  # nothing of it is lost


@pytest.mark.parametrize("ending", ["", "\n", "\n4,q,last\n"])
def test_an_unclosed_quote_spoils_its_own_line_only(ending: str):
    source = f'id,question,answer\n1,q,"two\nlines"\n2,q,"never closed\n3,q,"said ""so"""{ending}'
    rows = rows_of(source.encode())
    assert rows[0] == (2, {"id": "1", "question": "q", "answer": "two\nlines"}, "")
    assert rows[1][0] == 4 and rows[1][1]["id"] == "2" and "quote opened on line 4" in rows[1][2]
    assert rows[2] == (5, {"id": "3", "question": "q", "answer": 'said "so"'}, "")
    assert [row[1]["answer"] for row in rows[3:]] == (["last"] if "last" in ending else [])


def test_a_file_of_unclosed_quotes_comes_to_an_end():
    table = read_table(b"id,answer\n" + b'x","\n' * 100_000, "a.csv")
    problems = [row.problem for row in table]
    assert all("quote" in problem for problem in problems)
    assert "read no further" in problems[-1]


def test_a_broken_json_line_spoils_nothing_else():
    lines = ['{"id": 1}', "{oops", "[1]", '{"id": NaN}', '{"id": 1e999}', "[" * 100_000, "", '{"id": 2}']
    rows = rows_of("\n".join(lines).encode(), "a.jsonl")
    assert [(line, values) for line, values, problem in rows if not problem] == [(1, {"id": 1}), (8, {"id": 2})]
    broken = {line: problem for line, _, problem in rows if problem}
    assert set(broken) == {2, 3, 4, 5, 6}
    assert all(f"Line {line}" in problem for line, problem in broken.items())


def test_a_broken_json_array_keeps_what_stands_before():
    first, second, broken = rows_of(b'[{"id": 1},\n{"id": 2},\n\n{oops}, {"id": 3}]', "a.json")
    assert (first[1], second[1]) == ({"id": 1}, {"id": 2})
    assert broken[0] == 4 and "Line 4" in broken[2]


def test_json_objects_line_by_line_are_taken_under_either_extension():
    assert values_of(b'{"id": 1}\n{"id": 2}', "a.json") == [{"id": 1}, {"id": 2}]


def test_columns_and_total_are_known_before_the_rows():
    table = read_table(b'{"id": 1}\n{bad\n{"answer": "x", "id": 2}', "a.jsonl")
    assert (table.columns, table.total) == (("id", "answer"), 3)
    table = read_table("\ufeffid,answer,\n1,a,b\n\n2,c,d\n".encode(), "a.csv")
    assert (table.columns, table.total) == (("id", "answer", "column_3"), 2)
    assert list(table) == list(table)


@pytest.mark.parametrize(
    ("source", "name", "says"),
    [
        (b"", "a.csv", "no header"),
        (b"\n\n", "a.csv", "no header"),
        (b"", "a.jsonl", "empty"),
        (b"[]", "a.json", "no rows"),
        (b"not json", "a.jsonl", "Line 1"),
        (b"id,id\n", "a.csv", "two columns named 'id'"),
        (b"x," * (MAX_COLUMNS + 1), "a.csv", "columns"),
        (json.dumps({str(n): n for n in range(MAX_COLUMNS + 1)}).encode(), "a.jsonl", "keys"),
        (b"\n" * (MAX_LINES + 2), "a.csv", "header"),
        (b"a\n" * (MAX_LINES + 2), "a.csv", "lines"),
        (b"a" * (MAX_BYTES + 1), "a.csv", "50 MB"),
        (b"a,b\n", "a.xlsx", ".csv, .tsv, .jsonl"),
        (b"a,b\n", "a", ".csv, .tsv, .jsonl"),
        (b"PK\x03\x04 and so on", "a.csv", "Excel"),
        (b"\x00" * 5000, "a.csv", "not text"),
        (bytes(range(256)) * 100, "a.csv", "not text"),
        (CHINESE.encode() * 50 + b"\xff\n", "a.csv", "broken at byte"),
        (CHINESE.encode("utf-16")[:-1], "a.csv", "breaks at byte"),
        (b"\xff\xfe" + b"\x00\xd8" * 3, "a.csv", "breaks at byte"),
        (b"\x81\xff" * 500, "a.csv", "no encoding"),
        (Path("no-such-file.csv"), "", "cannot be read"),
        (Path("no\x00such.csv"), "", "cannot be read"),
    ],
)
def test_what_is_no_table_is_one_sentence(source: bytes | Path, name: str, says: str):
    assert says in sentence_for(source, name)


def test_fifty_megabytes_of_noise_are_one_sentence():
    noise = os.urandom(MAX_BYTES)
    assert "noise.csv" in sentence_for(noise, "noise.csv")
    without_controls = noise.translate(bytes(byte | 0x80 for byte in range(256)))
    assert "noise.jsonl" in sentence_for(without_controls, "noise.jsonl")
    assert "noise.json" in sentence_for(b"[" * MAX_BYTES, "noise.json")


def test_a_folder_and_a_stray_nul_byte(tmp_path: Path):
    folder = tmp_path / "x.csv"
    folder.mkdir()
    assert "cannot be read" in sentence_for(folder)
    assert values_of(b"id,answer\n1,a\x00b\n") == [{"id": "1", "answer": "a\x00b"}]


def test_rows_are_not_all_held(tmp_path: Path):
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,answer\n")
        file.writelines(f"{number},{'答' * 1000}\n" for number in range(8000))
    size = path.stat().st_size
    tracemalloc.start()
    try:
        assert sum(len(row.values["answer"]) for row in read_table(path)) == 8_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 3


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_csv_keeps_the_input_and_guards_what_is_ours(rows: list[tuple[str, str]]):
    file = io.StringIO(newline="")
    write = table_writer(file, "csv", ["theirs", "ours"], ["ours"], marked=True)
    for theirs, ours in rows:
        write({"theirs": theirs, "ours": ours})
    text = file.getvalue()
    assert text.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert [row[0] for row in read[1:]] == [theirs for theirs, _ in rows]
    for (_, ours), (_, cell) in zip(rows, read[1:], strict=True):
        assert cell == ours or (cell == f"'{ours}" and ours[0] in "=+-@＝＋－＠")
        assert not cell.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1"])
def test_formulas_from_users_are_disarmed(start: str):
    file = io.StringIO(newline="")
    table_writer(file, "csv", ["feedback"], ["feedback"], marked=True)({"feedback": start})
    assert list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1] == [f"'{start}"]


def test_numbers_and_nothing_in_csv():
    file = io.StringIO(newline="")
    write = table_writer(file, "tsv", ["a", "b", "c", "d"], ["a"])
    write({"a": -3, "b": None, "c": {"x": "中"}})
    assert file.getvalue().splitlines()[1].split("\t") == ["-3", "", '"{""x"": ""中""}"', ""]


@given(st.text())
def test_jsonl_keeps_every_text_even_lone_surrogates(text: str):
    file = io.StringIO()
    table_writer(file, "jsonl", ["x"], [])({"x": text})
    line = file.getvalue()
    assert line.count("\n") == 1
    assert json.loads(line.encode("utf-8")) == {"x": text}


def test_format_of_ignores_capitals():
    assert format_of("Answers.CSV") == "csv"
