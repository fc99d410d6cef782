"""What a question bank must fulfil beyond its schema, as far as reading tells (validation_by_meaning.py: the rest)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from assistant.bank import Bank, Problem, TopicFile, read_files
from assistant.errors import InputError
from assistant.question import Bilingual, Question

MAX_SHARE = 0.6  # of a question's weight on one key point: above it the others hardly count
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")

Check = Callable[[Question], Iterator[str]]


@dataclass(frozen=True)
class Validation:
    """What was found; `bank` holds the questions that could be read, the first of each id. Warnings fail nothing."""

    bank: Bank
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    files: tuple[TopicFile, ...] = ()

    def with_more(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> "Validation":
        """Return this with more findings behind its own."""
        return Validation(self.bank, (*self.problems, *problems), (*self.warnings, *warnings), self.files)

    def place(self, question_id: str) -> str:
        """Return the file, as problems name it, that a question stands in."""
        return next((_name(file) for file in self.files for q in file.questions if q.id == question_id), "")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "questions": len(self.bank),
            "problems": [_problem_dict(problem) for problem in self.problems],
            "warnings": [_problem_dict(problem) for problem in self.warnings],
        }


def _problem_dict(problem: Problem) -> dict[str, str]:
    return {"file": problem.file, "question": problem.question, "message": problem.message}


def _name(file: TopicFile) -> str:
    return f"questions/{file.path.name}"


def validate(folders: Sequence[Path], today: date) -> Validation:
    """Check everything in the folders that needs no encoder; raise InputError for a folder that holds no topic file.

    today: no question can have been verified after it.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"'{folder}' is not a folder; give a folder of .yaml topic files.")
        if not any(folder.glob("*.yaml")):
            raise InputError(f"'{folder}' holds no .yaml topic file; give a folder of topic files.")
    files, problems = read_files(folders)
    problems += [
        Problem(f"questions/{path.name}", "", "not read, because topic files end in .yaml; rename it.")
        for folder in folders
        for path in sorted(folder.glob("*.yml"))
    ]
    for file in files:
        problems += _file_problems(file, today)
    problems += _repeated_ids(files)
    problems += _repeated_texts(files)
    first = {question.id: question for file in reversed(files) for question in reversed(file.questions)}
    ordered = dict.fromkeys(question.id for file in files for question in file.questions)
    bank = Bank(tuple(first[name] for name in ordered), {file.topic: file.title for file in files})
    return Validation(bank, tuple(problems), files=tuple(files))


def _file_problems(file: TopicFile, today: date) -> Iterator[Problem]:
    name = _name(file)
    if file.topic != file.path.stem:
        message = f"topic is '{file.topic}' but the file is named '{file.path.stem}'; make them equal."
        yield Problem(name, "", message)
    checks: tuple[Check, ...] = (_languages, _weights, _point_ids, _notes, lambda question: _verified(question, today))
    for question in file.questions:
        for check in checks:
            for message in check(question):
                yield Problem(name, question.id, message)


def texts_of(question: Question) -> Iterator[tuple[str, Bilingual]]:
    """Yield every text of a question with the place where it stands."""
    yield "question", question.question
    yield "reference", question.reference
    yield "hint", question.hint
    for point in question.key_points:
        yield f"key_points.{point.id}", point.text
    for place, notes in (("misconceptions", question.misconceptions), ("follow_ups", question.follow_ups)):
        for number, note in enumerate(notes, start=1):
            yield f"{place}.{number}", note.text


def _languages(question: Question) -> Iterator[str]:
    for place, text in texts_of(question):
        if not _CHINESE.search(text.zh):
            yield f"{place}.zh has no Chinese in it ('{text.zh[:40]}'); write it in Chinese."
        if len(_LATIN.findall(text.en)) <= len(_CHINESE.findall(text.en)):
            yield f"{place}.en is not in English ('{text.en[:40]}'); write it in English."


def _weights(question: Question) -> Iterator[str]:
    total = sum(point.weight for point in question.key_points)
    for point in question.key_points:
        if point.weight > MAX_SHARE * total:
            yield (
                f"key point '{point.id}' carries {point.weight} of {total} weight, more than {MAX_SHARE:.0%}; "
                "lower it or split it."
            )


def _point_ids(question: Question) -> Iterator[str]:
    for name, count in Counter(point.id for point in question.key_points).items():
        if count > 1:
            yield f"key point id '{name}' is used {count} times; make it unique within the question."


def _notes(question: Question) -> Iterator[str]:
    known = {point.id for point in question.key_points}
    for place, notes in (("misconceptions", question.misconceptions), ("follow_ups", question.follow_ups)):
        for number, note in enumerate(notes, start=1):
            if note.key_point not in known:
                yield f"{place}.{number} names the key point '{note.key_point}', which the question does not have."
    named = [note.key_point for note in question.follow_ups]
    if len(set(named)) < len(named):
        yield f"both follow-ups name the key point '{named[0]}'; let each ask for another one."


def _verified(question: Question, today: date) -> Iterator[str]:
    try:
        verified = date.fromisoformat(question.verified)
    except ValueError:
        yield f"verified is '{question.verified}', which is no date; write the day as YYYY-MM-DD."
        return
    if verified > today:
        yield f"verified is {verified}, after today ({today}); give the day on which it was checked."


def _repeated_ids(files: Iterable[TopicFile]) -> Iterator[Problem]:
    places: dict[str, list[str]] = {}
    for file in files:
        for question in file.questions:
            places.setdefault(question.id, []).append(_name(file))
    for question_id, names in places.items():
        for name in names[1:]:
            yield Problem(name, question_id, f"the id is used before, in {names[0]}; make it unique.")


def _repeated_texts(files: Iterable[TopicFile]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for file in files:
        for question in file.questions:
            for text in (question.question.zh, question.question.en):
                words = "".join(char for char in text.casefold() if char.isalnum())
                first = seen.setdefault(words, question.id)
                if first != question.id:
                    yield Problem(_name(file), question.id, f"asks word for word what '{first}' asks; remove one.")
                    break
