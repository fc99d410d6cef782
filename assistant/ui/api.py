"""The endpoints for programs (gradio_client): /questions /search /score /batch. Every argument is untrusted."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.ad_hoc import ad_hoc_question
from assistant.engine import Engine
from assistant.errors import AssistantError, InputError
from assistant.filters import Filter
from assistant.ui.batch import scored
from models.encoder import printable

MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 4}


def add_endpoints(engine: Engine) -> None:
    """Add the endpoints to the app being built."""

    def questions(topic: str = "", difficulty_min: int = 1, difficulty_max: int = 5) -> list[dict[str, Any]]:
        """List the bank's questions: id, topic, kind, difficulty, roles, and the question in Chinese and English."""
        _check_topic(topic, engine)
        low, high = _number("difficulty_min", difficulty_min, 1, 5), _number("difficulty_max", difficulty_max, 1, 5)
        chosen = engine.bank.select(topics=[topic] if topic else [], difficulty=(low, high))
        return [
            {
                "id": question.id,
                "topic": question.topic,
                "kind": question.kind,
                "difficulty": question.difficulty,
                "roles": list(question.roles),
                "question": question.question.to_dict(),
            }
            for question in chosen
        ]

    def search(query: str, k: int = 5, lang: str = "", topic: str = "") -> list[dict[str, Any]]:
        """Find questions by meaning and words, best first: id, question, score (0 to 1), lang, topic."""
        _check_topic(topic, engine)
        if lang not in ("", "zh", "en"):
            raise InputError(f"lang is {_quoted(lang)}; use zh or en, or leave it out for both.")
        where = Filter(topics=(topic,) if topic else (), lang=None if not lang else "zh" if lang == "zh" else "en")
        hits = engine.search.search(_words("query", query), _number("k", k, 1, 100), where)
        return [hit.to_dict() for hit in hits]

    def score(question_id: str = "", answer: str = "", prompt: str = "", reference: str = "") -> dict[str, Any]:
        """Grade an answer to a question of the bank (question_id) or your own (prompt, reference); stores nothing."""
        own = _words("prompt", prompt), _words("reference", reference)
        chosen = _words("question_id", question_id)
        if bool(chosen) == any(own):
            raise InputError("Give either question_id, or prompt with reference.")
        question = engine.bank.get(chosen) if chosen else ad_hoc_question(*own)
        return engine.models.grader.grade(question, _words("answer", answer)).to_dict()

    gr.api(_said(questions), api_name="questions")
    gr.api(_said(search), api_name="search", **MODEL)
    gr.api(_said(score), api_name="score", **MODEL)
    _add_batch(engine)


def _add_batch(engine: Engine) -> None:
    """A file in and a file out need components, which the page does not show."""

    def batch(file: str) -> str:
        """Score a file of answers; returns it with the result columns added."""
        if not file:
            raise InputError("No file was sent; send a .csv or .jsonl file.")
        _, out = scored(engine, Path(file), "en", lambda done, total: None)
        return str(out)

    source = gr.File(visible=False, label="file")
    result = gr.File(visible=False, label="scored")
    gr.Button(visible=False).click(
        _said(batch), source, result, api_name="batch", concurrency_id="batch", concurrency_limit=1
    )


def _said(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an AssistantError into the error that the client raises with the same sentence."""

    @wraps(function)
    def endpoint(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except AssistantError as problem:
            raise gr.Error(printable(str(problem)), print_exception=False) from None

    return endpoint


def _quoted(value: object) -> str:
    return repr(value)[:80]


def _words(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} is {_quoted(value)}; give it as text.")
    return value


def _number(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise InputError(f"{name} is {_quoted(value)}; give a whole number from {low} to {high}.")
    if not low <= value <= high:
        raise InputError(f"{name} is {_quoted(value)}; give a whole number from {low} to {high}.")
    return int(value)


def _check_topic(topic: object, engine: Engine) -> None:
    topics = engine.bank.stats()["topics"]
    if topic != "" and (not isinstance(topic, str) or topic not in topics):
        raise InputError(f"topic is {_quoted(topic)}; use one of {', '.join(topics)}, or leave it out for all.")
