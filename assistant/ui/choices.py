"""What the dropdowns and lists offer, made from the bank, in one language."""

from collections.abc import Iterable
from typing import Any

from assistant.bank import Bank
from assistant.question import Lang, Question
from assistant.ui import text
from assistant.ui.language import InLang
from assistant.ui.text import say

Choices = list[tuple[str, Any]]
ANY_DIFFICULTY = "1-5"


def topics(bank: Bank, everything: bool = False) -> InLang:
    """Return the topics by title; with `everything`, first the empty choice that means all of them."""

    def make(lang: Lang) -> Choices:
        named = [(bank.title(topic).in_lang(lang), topic) for topic in bank.stats()["topics"]]
        return ([(say(text.ALL_TOPICS, lang), "")] if everything else []) + sorted(named)

    return InLang(make)


def roles(anyone: bool = False) -> InLang:
    """Return the roles; with `anyone`, first the empty choice that means any of them."""
    return InLang(lambda lang: _named(text.ROLES, lang, anyone))


def kinds() -> InLang:
    """Return the kinds of question, first the empty choice that means any of them."""
    return InLang(lambda lang: _named(text.KINDS, lang, True))


def _named(names: dict[str, Any], lang: Lang, anything: bool) -> Choices:
    return ([(say(text.ANY, lang), "")] if anything else []) + [(say(name, lang), key) for key, name in names.items()]


def difficulties() -> InLang:
    """Return the ranges of difficulty; the value is "low-high"."""
    return InLang(lambda lang: [(say(name, lang), f"{low}-{high}") for (low, high), name in text.DIFFICULTIES])


def difficulty_range(value: str) -> tuple[int, int]:
    """Return (low, high) of a choice of `difficulties`."""
    low, _, high = value.partition("-")
    return int(low), int(high)


def questions(found: Iterable[Question], lang: Lang) -> Choices:
    """Return questions by their text."""
    return [(question.question.in_lang(lang), question.id) for question in found]
