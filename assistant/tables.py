"""Tables of answers, CSV, TSV, JSONL or a JSON array, read row by row with every cell as it stands."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

from assistant.encodings import MAX_BYTES, find_encoding
from assistant.errors import InputError

Format = Literal["csv", "tsv", "jsonl", "json"]
READABLE: tuple[Format, ...] = ("csv", "tsv", "jsonl", "json")
MAX_COLUMNS = 500
MAX_LINES = 1_000_000  # fifty bytes a line in the largest file; nonsense has far shorter ones
MAX_REOPENED = 20  # unclosed quotes mended in one file; each reads the rest of it again
csv.field_size_limit(MAX_BYTES)  # the file's own limit is enough; csv's 128 kB would drop a long answer


@dataclass(frozen=True)
class Row:
    """One row; `line` is where it starts, counted from 1. problem: why it cannot be used, "" where it can."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A table that can be iterated any number of times; `total` counts its rows, broken ones included.

    marked: whether the file came with a byte order mark or in an encoding of its own, as spreadsheets save it.
    """

    name: str
    columns: tuple[str, ...]
    total: int
    _read: Callable[[], Iterable[Row]]
    marked: bool = False

    def __iter__(self) -> Iterator[Row]:
        return iter(self._read())


def cell_text(value: Any) -> str:
    """Return a value as a CSV cell shows it: text as it is, nothing for None, the rest as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def format_of(name: str, allowed: Sequence[Format] = READABLE) -> Format:
    """Return a file's format by its extension; raise InputError for one that is not in `allowed`."""
    extension = Path(name).suffix.lower().removeprefix(".")
    for form in allowed:
        if form == extension:
            return form
    raise InputError(f"'{name}' ends in none of .{', .'.join(allowed)}; rename it or convert it to one of these.")


def read_table(source: Path | bytes, name: str = "") -> Table:
    """Open a table; `name` (by default the path's) gives the format by its extension.

    Values of CSV and TSV are strings, of JSON whatever stands there; nothing is trimmed or converted. Rows are read
    again at every iteration and never held all at once. Raises InputError for a file over 50 MB, one that cannot be
    read, is no text, or has no header; a broken row is no error but a row with a `problem`.
    """
    name = name or (source.name if isinstance(source, Path) else "answers.csv")
    form = format_of(name)
    with _open(source, name) as stream:
        encoding = find_encoding(stream, name)

    def lines() -> Iterator[str]:
        newline = "" if form in ("csv", "tsv") else "\n"
        with _open(source, name) as binary, io.TextIOWrapper(binary, encoding=encoding, newline=newline) as text:
            for number, line in enumerate(text, start=1):
                if number > MAX_LINES:
                    raise InputError(f"'{name}' has more than {MAX_LINES:,} lines; split it.")
                yield line

    if form in ("csv", "tsv"):
        table = _csv_table(name, lines, "\t" if form == "tsv" else None)
    else:
        table = _json_table(name, lines, form)
    return replace(table, marked=encoding != "utf-8")


def _open(source: Path | bytes, name: str) -> BinaryIO:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"'{name}' has {size / 1e6:,.0f} MB, the limit is {MAX_BYTES // 10**6} MB; split it.")
        return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"'{name}' cannot be read ({reason}); check the path and its permissions.") from None


# CSV and TSV


def _csv_table(name: str, lines: Callable[[], Iterator[str]], delimiter: str | None) -> Table:
    first = next(iter(lines()), "")
    delimiter = delimiter or max(",;\t", key=first.count)
    header = next(_records(lines(), delimiter), None)
    if header is None or not any(cell.strip() for cell in header.cells):
        raise InputError(f"'{name}' has no header row; its first line must name the columns.")
    columns = _column_names(header.cells, name)

    def read() -> Iterator[Row]:
        records = _records(lines(), delimiter)
        next(records)
        return (_csv_row(record, columns) for record in records if record.problem or any(map(str.strip, record.cells)))

    return Table(name, columns, sum(1 for _ in read()), read)


def _column_names(cells: Sequence[str], name: str) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise InputError(f"'{name}' has {len(cells):,} columns, the limit is {MAX_COLUMNS}; is it a table of answers?")
    columns = tuple(cell.strip() or f"column_{number}" for number, cell in enumerate(cells, start=1))
    for column in columns:
        if columns.count(column) > 1:
            raise InputError(f"'{name}' has two columns named '{column[:80]}'; rename one of them.")
    return columns


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]
    problem: str = ""


class _Lines:
    """Lines as csv.reader asks for them; those of the record under way are remembered."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines, self.taken, self.ended = lines, list[str](), False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        for line in self.lines:
            self.taken.append(line)
            return line
        self.ended = True
        raise StopIteration


def _records(lines: Iterator[str], delimiter: str) -> Iterator[_Record]:
    """Split lines into records; a quote that is never closed spoils its own line only, the rest is read again."""
    line = 1
    for mended in range(MAX_REOPENED + 1):
        source = _Lines(lines)
        for cells in csv.reader(source, delimiter=delimiter):
            taken, source.taken = source.taken, []
            if source.ended or (len(taken) > 1 and _misquoted(taken, delimiter)):
                end = "; the file has many of these and is read no further" if mended == MAX_REOPENED else ""
                problem = f"a quote opened on line {line} is not closed{end}; close it, or double it to mean a quote."
                yield _Record(line, next(csv.reader(taken, delimiter=delimiter, quoting=csv.QUOTE_NONE)), problem)
                lines, line = chain(taken[1:], lines), line + 1
                break
            yield _Record(line, cells)
            line += len(taken)
        else:
            return


def _misquoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether text follows a closing quote: then that quote was meant to open another cell, lines below."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _csv_row(record: _Record, columns: Sequence[str]) -> Row:
    cells, extra = record.cells[: len(columns)], record.cells[len(columns) :]
    values = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True))
    problem = record.problem
    if not problem and any(cell.strip() for cell in extra):
        problem = (
            f"the row has {len(record.cells)} cells but the header {len(columns)}; "
            "put an answer that holds the separator in double quotes."
        )
        values[columns[-1]] += f" | {' | '.join(extra)}"  # nothing of a broken row is lost in the output
    return Row(record.line, values, problem and f"Line {record.line}: {problem}")


# JSONL and JSON arrays


def _json_table(name: str, lines: Callable[[], Iterator[str]], form: Format) -> Table:
    opening = next((line.lstrip()[0] for line in lines() if line.strip()), "")
    if not opening:
        raise InputError(f"'{name}' is empty; give one JSON object a line.")
    array = form == "json" and opening == "["

    def read() -> Iterator[Row]:
        return _array_rows("".join(lines())) if array else _line_rows(lines())

    columns: dict[str, None] = {}
    total = 0
    for row in read():
        total += 1
        columns.update(dict.fromkeys(row.values))
        if len(columns) > MAX_COLUMNS:
            raise InputError(f"'{name}' has more than {MAX_COLUMNS} different keys; is it a table of answers?")
    if not columns:
        first = next(read(), Row(1, problem="it has no rows")).problem
        raise InputError(f"'{name}' holds no JSON object ({first.rstrip('.')}); give one a row.")
    return Table(name, tuple(columns), total, read)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_constant(text)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _json_row(value: Any, line: int) -> Row:
    if not isinstance(value, dict):
        return Row(line, {}, f"Line {line}: a JSON {type(value).__name__} stands here, not an object; write {{...}}.")
    return Row(line, value)


def _broken(line: int, problem: Exception) -> Row:
    reason = "nested too deeply" if isinstance(problem, RecursionError) else str(problem).split(":")[0]
    return Row(line, {}, f"Line {line}: not JSON ({reason[:100]}); mend this line.")


def _line_rows(lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _json_row(_DECODER.decode(line), number)
            except (ValueError, RecursionError) as problem:
                yield _broken(number, problem)


def _array_rows(text: str) -> Iterator[Row]:
    """Read one element after another; nothing tells where the next begins after a broken one, so that is the last."""
    at, line = text.index("[") + 1, 1 + text.count("\n", 0, text.index("["))
    while True:
        start = _skip(text, at, " \t\r\n" if text[at - 1] == "[" else " \t\r\n,")
        line += text.count("\n", at, start)
        if text[start : start + 1] == "]":
            return
        try:
            value, at = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError) as problem:
            yield _broken(line, problem)
            return
        yield _json_row(value, line)
        line += text.count("\n", start, at)


def _skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at
