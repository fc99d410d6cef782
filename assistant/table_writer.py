"""Tables written as CSV, TSV or JSONL: input columns as they were, our own made safe for spreadsheets."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from assistant.tables import Format, cell_text

WRITABLE: tuple[Format, ...] = ("csv", "tsv", "jsonl")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Writer = Callable[[Mapping[str, Any]], None]


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before = + - @ and control characters."""
    return f"'{text}" if text.startswith(_FORMULA_START) else text


def table_writer(
    file: TextIO, form: Format, columns: Sequence[str], own: Sequence[str], marked: bool = False
) -> Writer:
    """Return a function that writes one row; for CSV and TSV the header is written at once.

    columns: all columns in order. own: those that this program fills; in CSV and TSV their texts are `guarded`, the
    others stand untouched. marked: begin with a byte order mark, which tells Excel that Chinese follows in UTF-8 and
    which other programs take for a part of the first column's name. The file must be open for UTF-8 text, newline="".
    """
    if form == "jsonl":
        return lambda row: _write_json_line(file, row)
    writer = csv.writer(file, delimiter="\t" if form == "tsv" else ",")
    if marked:
        file.write("\ufeff")
    writer.writerow(columns)
    guards = frozenset(own)

    def write(row: Mapping[str, Any]) -> None:
        values = ((column, row.get(column)) for column in columns)
        guarded_values = (guarded(v) if column in guards and isinstance(v, str) else v for column, v in values)
        writer.writerow([_storable(cell_text(value)) for value in guarded_values])

    return write


def _write_json_line(file: TextIO, row: Mapping[str, Any]) -> None:
    line = json.dumps(row, ensure_ascii=False)
    if not _is_storable(line):  # a lone surrogate, which only an escape can hold
        line = json.dumps(row)
    file.write(line + "\n")


def _is_storable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _storable(text: str) -> str:
    return text if _is_storable(text) else text.encode("utf-8", "replace").decode("utf-8")
