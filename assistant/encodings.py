"""Which encoding are these bytes in? Fixed rules in a fixed order, so that the same file always reads the same."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from assistant.errors import InputError

MAX_BYTES = 50_000_000
BLOCK = 1 << 20  # bytes decoded at once
HEAD = 1 << 16  # bytes looked at to tell text from nonsense
MAX_CONTROL = 0.02  # share of control characters above which it is no text; a stray few are let through
STRAY_CONTROL = 10
MIN_COMMON = 0.6  # share of GB 2312 characters: over .9 in Chinese text, under .4 where another encoding is misread
_BOMS = (  # UTF-32 first: its mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = ((b"PK\x03\x04", "an Excel or zip file"), (b"%PDF", "a PDF"), (b"\xd0\xcf\x11\xe0", "an old Excel file"))


def find_encoding(stream: BinaryIO, name: str) -> str:
    """Return the encoding of a seekable stream: byte order mark, then UTF-8, then GB 18030, then Big5 or Windows-1252.

    The whole stream decodes strictly in what is returned. Raises InputError, naming the file, for what is no text.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    for magic, what in _SIGNATURES:
        if head.startswith(magic):
            raise InputError(f"'{name}' is {what}; save the sheet as CSV UTF-8 and give that.")
    encoding = _marked(head)
    if encoding is not None:
        broken = _first_error(stream, encoding)
        if broken is not None:
            raise InputError(f"'{name}' says it is {encoding} but breaks at byte {broken}; save it again as UTF-8.")
        _check_text(head.decode(encoding, "ignore"), name)
        return encoding
    _check_text(head.decode("latin-1"), name)
    return _unmarked(stream, head, name)


def decode(data: bytes, name: str) -> str:
    """Return all of `data` as text; raises InputError as `find_encoding` does."""
    return data.decode(find_encoding(io.BytesIO(data), name))


def _marked(head: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if len(head) >= 4 and head[1] == head[3] == 0 != head[0]:  # noqa: PLR2004 - two ASCII characters in UTF-16
        return "utf-16-le"
    if len(head) >= 4 and head[0] == head[2] == 0 != head[1]:  # noqa: PLR2004
        return "utf-16-be"
    return None


def _unmarked(stream: BinaryIO, head: bytes, name: str) -> str:
    broken = _first_error(stream, "utf-8")
    if broken is None:
        return "utf-8"
    if _mostly_utf8(stream, broken):
        raise InputError(f"'{name}' is UTF-8 but broken at byte {broken}; mend that place or save it again as UTF-8.")
    if _first_error(stream, "gb18030") is None and _reads_as_chinese(stream):
        return "gb18030"
    guess = _best_guess(stream, broken)
    if guess is None or _first_error(stream, guess) is not None:
        raise InputError(f"'{name}' is in no encoding that can be read; save it again as UTF-8.")
    return guess


def _blocks(stream: BinaryIO, encoding: str, errors: str = "strict") -> Iterator[str]:
    """Decode block by block; a UnicodeDecodeError's `start` is counted from the stream's beginning."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    at = 0
    while True:
        block = stream.read(BLOCK)
        pending = len(decoder.getstate()[0])
        try:
            yield decoder.decode(block, final=not block)
        except UnicodeDecodeError as problem:
            problem.start += at - pending
            raise
        at += len(block)
        if not block:
            return


def _first_error(stream: BinaryIO, encoding: str) -> int | None:
    """Return the byte at which strict decoding fails, or None."""
    try:
        for _ in _blocks(stream, encoding):
            pass
    except UnicodeDecodeError as problem:
        return problem.start
    return None


def _check_text(text: str, name: str) -> None:
    control = sum(char < " " and char not in "\t\n\r\f" for char in text)
    if control > max(STRAY_CONTROL, MAX_CONTROL * len(text)):
        raise InputError(f"'{name}' is not text ({control:,} control characters near its start); give CSV or JSONL.")


def _mostly_utf8(stream: BinaryIO, broken: int) -> bool:
    """Whether the bytes around the first error are UTF-8 but for a few: ten good characters to a bad one."""
    stream.seek(max(0, broken - HEAD))
    text = stream.read(2 * HEAD).decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return sum(char > "\x7f" for char in text) - bad >= 10 * bad


def _reads_as_chinese(stream: BinaryIO) -> bool:
    seen = common = 0
    for block in _blocks(stream, "gb18030"):
        foreign = "".join(char for char in block if char > "\x7f")[:HEAD]
        seen += len(foreign)
        common += len(foreign.encode("gb2312", "ignore")) // 2
        if seen >= HEAD:
            break
    return common >= MIN_COMMON * seen


def _best_guess(stream: BinaryIO, broken: int) -> str | None:
    """Let charset-normalizer choose among the encodings left, by what reads like a language."""
    from charset_normalizer import from_bytes

    stream.seek(max(0, broken - 1000))
    best = from_bytes(stream.read(HEAD), cp_isolation=["gb18030", "big5", "cp1252"]).best()
    return best.encoding if best is not None else None
