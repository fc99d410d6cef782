"""The verbs search and score."""

import sys
from typing import Annotated

import typer

from assistant.cli.output import (
    JsonOption,
    check_topic,
    chosen_lang,
    console,
    loaded,
    open_engine,
    print_json,
    shown,
    waiting,
)
from assistant.errors import InputError
from assistant.grade import Grade
from assistant.question import Lang, Question
from assistant.report_words import POINT_SYMBOLS, say


def search(
    query: Annotated[str, typer.Argument(help="What you look for, in your own words, in either language.")],
    k: Annotated[int, typer.Option("-k", help="How many questions at most, 1 to 100.")] = 5,
    lang: Annotated[str | None, typer.Option(help="Only texts in this language: zh or en.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only this topic; bank stats lists them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find questions by meaning and by words."""
    engine = open_engine()
    from assistant.filters import Filter

    wanted = chosen_lang(lang, engine.settings) if lang is not None else None
    where = Filter(topics=check_topic(topic, engine.bank), lang=wanted)
    with waiting("Loading the model and the index…"):
        hits = engine.search.search(query, k, where)
    if as_json:
        print_json([hit.to_dict() for hit in hits])
        return
    out = console()
    for hit in hits:
        out.print(f"{hit.score:.2f}  {hit.id}  ({hit.topic})\n      {hit.question}")
    if not hits:
        out.print("Nothing found; use other words or widen the filter.")


def score(
    answer: Annotated[str, typer.Option(help="The answer; - reads it from stdin.")],
    question: Annotated[str | None, typer.Option(help="Id of a question of the bank.")] = None,
    prompt: Annotated[str | None, typer.Option(help="A question of your own, with --reference.")] = None,
    reference: Annotated[str | None, typer.Option(help="The reference answer to grade by, with --prompt.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Grade one answer, key point by key point."""
    if (question is None) == (prompt is None):
        raise InputError("Give either --question ID, or --prompt Q with --reference R.")
    if (prompt is None) != (reference is None):
        raise InputError("--prompt and --reference belong together; give both.")
    text = _from_stdin() if answer == "-" else answer
    engine = open_engine()
    asked = _asked(question, prompt, reference)
    target = engine.bank.get(asked) if isinstance(asked, str) else asked
    grade = loaded(engine).grader.grade(target, text)
    if as_json:
        print_json(grade.to_dict())
    else:
        console().print(grade_text(grade, grade.lang))


def _asked(question: str | None, prompt: str | None, reference: str | None) -> str | Question:
    if question is not None:
        return question
    from assistant.ad_hoc import ad_hoc_question

    return ad_hoc_question(prompt or "", reference or "")


def _from_stdin() -> str:
    from assistant.encodings import MAX_BYTES, decode

    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(f"stdin holds more than {MAX_BYTES // 10**6} MB; give one answer.")
    return decode(data, "stdin")


def grade_text(grade: Grade, lang: Lang) -> str:
    """Return a grade as lines for a terminal."""
    low, high = grade.interval
    lines = [f"{grade.score}/100  {say(grade.verdict, lang)}  ({say('interval', lang, low=low, high=high)})"]
    for point in grade.key_points:
        lines.append(f"  {POINT_SYMBOLS[point.verdict]} {say(point.verdict, lang)}: {point.text}")
        if point.evidence is not None:
            quoted = point.evidence.text if len(point.evidence.text) <= 200 else point.evidence.text[:200] + "…"  # noqa: PLR2004
            lines.append(f"      “{' '.join(quoted.split())}”")
    lines.append(grade.feedback)
    return "\n".join(shown(line) for line in lines if line)
