"""What users have answered, in SQLite (write-ahead log): nothing is shown before it is stored."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant.grade import Grade
from assistant.interview import Interview

SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
  id INTEGER PRIMARY KEY,
  user TEXT NOT NULL,
  at TEXT NOT NULL,
  source TEXT NOT NULL,
  question TEXT NOT NULL,
  topic TEXT NOT NULL,
  answer TEXT NOT NULL,
  score INTEGER NOT NULL,
  grade TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_by_user ON attempts (user, id);
CREATE TABLE IF NOT EXISTS interviews (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  at TEXT NOT NULL,
  finished INTEGER NOT NULL,
  state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS interviews_by_user ON interviews (user, at);
"""


@dataclass(frozen=True)
class Attempt:
    """One graded answer; source is "interview", "follow_up" or "practice", `at` is UTC."""

    user: str
    at: datetime
    source: str
    question: str
    topic: str
    answer: str
    grade: Grade


@dataclass(frozen=True)
class StoredInterview:
    """An interview as it stood at `at` (UTC)."""

    user: str
    at: datetime
    interview: Interview

    @property
    def finished(self) -> bool:
        """Whether nothing is left to answer."""
        return self.interview.step == "finished"


def _storable(text: str) -> str:
    """SQLite stores UTF-8; a lone surrogate has none."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _grade(stored: str) -> Grade:
    return Grade.from_dict(json.loads(stored))


class History:
    """The store; every method is one transaction, safe from many threads and processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._local = threading.local()
        with self._transaction() as db:
            db.executescript(SCHEMA)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        with connection:
            yield connection

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def add(self, attempt: Attempt) -> None:
        """Store an attempt for good."""
        grade = json.dumps(attempt.grade.to_dict(), ensure_ascii=False)
        row = (
            attempt.user,
            attempt.at.isoformat(),
            attempt.source,
            attempt.question,
            attempt.topic,
            _storable(attempt.answer),
            attempt.grade.score,
            _storable(grade),
        )
        with self._transaction() as db:
            db.execute(
                "INSERT INTO attempts (user, at, source, question, topic, answer, score, grade) "
                "VALUES (?,?,?,?,?,?,?,?)",
                row,
            )

    def attempts(self, user: str, limit: int = 200) -> list[Attempt]:
        """Return a user's attempts, newest first."""
        rows = self._connection().execute(
            "SELECT user, at, source, question, topic, answer, grade FROM attempts "
            "WHERE user = ? ORDER BY id DESC LIMIT ?",
            (user, limit),
        )
        return [
            Attempt(who, datetime.fromisoformat(at), source, question, topic, answer, _grade(stored))
            for who, at, source, question, topic, answer, stored in rows
        ]

    def save_interview(self, stored: StoredInterview) -> None:
        """Store an interview's state, over its earlier one; another user's interview of that id is left alone."""
        state = _storable(json.dumps(stored.interview.to_dict(), ensure_ascii=False))
        row = (stored.interview.id, stored.user, stored.at.isoformat(), int(stored.finished), state)
        with self._transaction() as db:
            db.execute(
                "INSERT INTO interviews (id, user, at, finished, state) VALUES (?,?,?,?,?) ON CONFLICT (id) DO UPDATE "
                "SET at = excluded.at, finished = excluded.finished, state = excluded.state WHERE user = excluded.user",
                row,
            )

    def interviews(self, user: str, limit: int = 50) -> list[StoredInterview]:
        """Return a user's interviews, newest first."""
        rows = self._connection().execute(
            "SELECT user, at, state FROM interviews WHERE user = ? ORDER BY at DESC LIMIT ?", (user, limit)
        )
        return [
            StoredInterview(who, datetime.fromisoformat(at), Interview.from_dict(json.loads(state)))
            for who, at, state in rows
        ]

    def weakness(self, user: str) -> dict[str, float]:
        """Return 0..1 by topic: one minus the mean score of the user's last attempts there."""
        scores: dict[str, list[int]] = {}
        for attempt in self.attempts(user):
            scores.setdefault(attempt.topic, []).append(attempt.grade.score)
        return {topic: 1 - sum(values[:10]) / len(values[:10]) / 100 for topic, values in scores.items()}
