"""Results as they come in, in an append-only file that a killed run leaves usable."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

Result = Mapping[str, Any]


class Journal:
    """Results by key, in a file of JSON lines; memory holds only where each line starts.

    resume: keep what an earlier run wrote and finished well (status "ok"); a line cut short by a kill is left out.
    """

    def __init__(self, path: Path, resume: bool) -> None:
        self.path = path
        if not resume:
            path.unlink(missing_ok=True)
        self._file = path.open("a+b")
        self._starts: dict[str, int] = {}
        self._scan()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, key: object) -> bool:
        return key in self._starts

    def keys(self) -> set[str]:
        """Return the keys that have a result."""
        return set(self._starts)

    def _scan(self) -> None:
        self._file.seek(0)
        start = 0
        for line in self._file:
            entry = _entry(line)
            if entry is not None and entry["result"].get("status") == "ok":
                self._starts[entry["key"]] = start
            start += len(line)
            if not line.endswith(b"\n"):
                start += self._file.write(b"\n")

    def add(self, key: str, result: Result) -> None:
        """Append a result; `sync` makes it durable."""
        self._file.seek(0, os.SEEK_END)
        self._starts[key] = self._file.tell()
        self._file.write(json.dumps({"key": key, "result": result}).encode() + b"\n")

    def sync(self) -> None:
        """Have everything added so far on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def get(self, key: str) -> Result | None:
        """Return a result, or None where there is none."""
        start = self._starts.get(key)
        if start is None:
            return None
        self._file.seek(start)
        entry = _entry(self._file.readline())
        return entry["result"] if entry else None

    def remove(self) -> None:
        """Delete the file: its results stand elsewhere now."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    good = isinstance(entry, dict) and isinstance(entry.get("key"), str) and isinstance(entry.get("result"), dict)
    return entry if good else None
