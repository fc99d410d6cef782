"""The question bank: load topic files, filter, count."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from assistant.errors import BankError, InputError
from assistant.question import Bilingual, Question
from assistant.settings import BUILT_IN_BANK

MAX_FILE_BYTES = 4_000_000  # a topic file is some 100 kB; YAML much larger than that is a mistake or an attack
MAX_DEPTH = 20
MAX_MESSAGE = 200  # characters of what jsonschema says, which quotes whole values
SCHEMA_FILE = BUILT_IN_BANK.parent / "schema.json"


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is six times as fast


def _check_plain(text: str) -> None:
    """Refuse aliases, which a small file can blow up to gigabytes, and nesting that no topic file has."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise BankError(f"line {line}: '*{event.anchor}' is an alias; write the text out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise BankError(f"line {line}: nested too deeply; a topic file has six levels.")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a bank: where, which question, what and how to mend it."""

    file: str
    question: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}, {self.question}: {self.message}" if self.question else f"{self.file}: {self.message}"


@dataclass(frozen=True)
class TopicFile:
    """One parsed topic file."""

    path: Path
    topic: str
    title: Bilingual
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Bank:
    """Questions in file order, and each topic's title."""

    questions: tuple[Question, ...]
    titles: dict[str, Bilingual]

    @cached_property
    def _by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that change when any question does."""
        joined = "\n".join(sorted(question.digest for question in self.questions))
        return hashlib.sha256(joined.encode()).hexdigest()[:12]

    def __iter__(self) -> Iterator[Question]:
        return iter(self.questions)

    def __len__(self) -> int:
        return len(self.questions)

    def __contains__(self, question_id: object) -> bool:
        return question_id in self._by_id

    def get(self, question_id: str) -> Question:
        """Return a question by id; raise InputError if there is none."""
        try:
            return self._by_id[question_id]
        except KeyError:
            raise InputError(
                f"No question has the id '{question_id[:80]}'; find ids with: python -m assistant search WORDS"
            ) from None

    def title(self, topic: str) -> Bilingual:
        """Return a topic's title; its slug where the bank has none."""
        return self.titles.get(topic, Bilingual(topic, topic))

    def select(
        self,
        topics: Iterable[str] = (),
        roles: Iterable[str] = (),
        kinds: Iterable[str] = (),
        difficulty: tuple[int, int] = (1, 5),
    ) -> tuple[Question, ...]:
        """Return the questions that fit; an empty filter lets everything through, difficulty is inclusive."""
        wanted_topics, wanted_roles, wanted_kinds = set(topics), set(roles), set(kinds)
        low, high = difficulty
        return tuple(
            question
            for question in self.questions
            if (not wanted_topics or question.topic in wanted_topics)
            and (not wanted_roles or wanted_roles & set(question.roles))
            and (not wanted_kinds or question.kind in wanted_kinds)
            and low <= question.difficulty <= high
        )

    def stats(self) -> dict[str, Any]:
        """Count questions by topic and by language."""
        languages = {
            lang: sum(bool(getattr(question.question, lang)) for question in self.questions) for lang in ("zh", "en")
        }
        return {
            "questions": len(self),
            "topics": dict(sorted(Counter(question.topic for question in self.questions).items())),
            "languages": languages,
            "drills": 0,
        }


@lru_cache(maxsize=1)
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _read_yaml(path: Path) -> Any:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BankError(f"larger than {MAX_FILE_BYTES // 1_000_000} MB; split it by topic.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        _check_plain(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as problem:
        raise BankError(f"not UTF-8 at byte {problem.start}; save it as UTF-8.") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        what = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        raise BankError(f"{where}not YAML ({what}).") from None
    except ValueError as problem:  # 2026-13-45 and numbers of thousands of digits
        raise BankError(f"holds a value that cannot be read ({problem}); put it in quotes.") from None


def _schema_problems(data: Any, file: str) -> list[Problem]:
    problems = []
    for error in _validator().iter_errors(data):
        path = list(error.absolute_path)
        question = ""
        if len(path) > 1 and path[0] == "questions" and isinstance(path[1], int):
            entry = data["questions"][path[1]]
            question = str(entry.get("id", f"#{path[1] + 1}")) if isinstance(entry, dict) else f"#{path[1] + 1}"
            path = path[2:]
        place = ".".join(map(str, path))
        message = error.message if len(error.message) < MAX_MESSAGE else error.message[:MAX_MESSAGE] + "..."
        problems.append(Problem(file, question, f"{place}: {message}" if place else message))
    return problems


def read_topic_file(path: Path) -> tuple[TopicFile | None, list[Problem]]:
    """Read one topic file: the file, or None and what is wrong with it."""
    name = f"questions/{path.name}"
    try:
        data = _read_yaml(path)
    except (BankError, OSError) as problem:
        return None, [Problem(name, "", str(problem))]
    problems = _schema_problems(data, name)
    if problems:
        return None, problems
    topic = data["topic"]
    questions = tuple(Question.from_dict(entry, topic) for entry in data["questions"])
    return TopicFile(path, topic, Bilingual.from_dict(data["title"]), questions), []


def read_files(folders: Iterable[Path]) -> tuple[list[TopicFile], list[Problem]]:
    """Read every topic file of the folders, in name order, and collect what is wrong."""
    files: list[TopicFile] = []
    problems: list[Problem] = []
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            file, found = read_topic_file(path)
            problems.extend(found)
            if file is not None:
                files.append(file)
    return files, problems


def load_bank(extra: Iterable[Path] = (), built_in: Path = BUILT_IN_BANK) -> Bank:
    """Load the built-in bank and the extra folders; raise BankError that names the first problems."""
    files, problems = read_files([built_in, *extra])
    questions = [question for file in files for question in file.questions]
    counts = Counter(question.id for question in questions)
    problems += [
        Problem(f"questions/{file.path.name}", question.id, "id used twice; make it unique.")
        for file in files
        for question in file.questions
        if counts[question.id] > 1
    ]
    if problems:
        shown = "\n".join(str(problem) for problem in problems[:5])
        raise BankError(f"{shown}\nRun python -m assistant bank validate for the whole list.")
    return Bank(tuple(questions), {file.topic: file.title for file in files})
