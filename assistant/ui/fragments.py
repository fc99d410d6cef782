"""Small pieces of HTML: a question's heading, what the bank knows of it, empty places. Every text is escaped."""

from assistant.bank import Bank
from assistant.formulas import formulas_html
from assistant.markup import escape
from assistant.question import Bilingual, Lang, PointNote, Question
from assistant.ui import text
from assistant.ui.text import say


def question_line(question: Question, bank: Bank, lang: Lang) -> str:
    """Return topic and difficulty."""
    dots = "●" * question.difficulty + "○" * (5 - question.difficulty)
    spoken = say(text.DIFFICULTY_OF, lang, level=question.difficulty)
    return (
        f'<span class="tag">{escape(bank.title(question.topic).in_lang(lang))}</span>'
        f'<span class="dots" role="img" aria-label="{spoken}" title="{spoken}">{dots}</span>'
    )


def clock(key: str, lang: Lang) -> str:
    """Return the place of a timer that counts up in the browser for as long as `key` stays the same."""
    return f'<span class="clock" data-key="{escape(key)}" title="{say(text.MINUTES, lang)}">0:00</span>'


def heading(line: str) -> str:
    """Return the line above a question."""
    return f'<div class="heading">{line}</div>'


def asked(content: str) -> str:
    """Return a question, large."""
    return f'<p class="asked" dir="auto">{formulas_html(content)}</p>'


def labelled(label: Bilingual, content: str, lang: Lang, kind: str) -> str:
    """Return a text of the bank after its label, such as a hint."""
    return f'<p class="{kind}" dir="auto"><b>{escape(say(label, lang))}</b> {formulas_html(content)}</p>'


def empty(sentence: Bilingual, lang: Lang) -> str:
    """Return the friendly sentence of a place that has nothing to show yet."""
    return f'<p class="empty">{escape(say(sentence, lang))}</p>'


def titled(title: Bilingual, lang: Lang) -> str:
    """Return a small heading."""
    return f"<h3>{escape(say(title, lang))}</h3>"


def reference_html(question: Question, lang: Lang) -> str:
    """Return the reference answer, then the key points with their shares."""
    total = sum(point.weight for point in question.key_points) or 1
    points = "".join(
        f"<li>{formulas_html(point.text.in_lang(lang))} <small>{point.weight / total:.0%}</small></li>"
        for point in question.key_points
    )
    answer = f'<p dir="auto">{formulas_html(question.reference.in_lang(lang))}</p>'
    return f"{answer}{titled(text.KEY_POINTS, lang)}<ul>{points}</ul>"


def question_html(question: Question, bank: Bank, lang: Lang) -> str:
    """Return everything that the bank knows of a question, for reading."""
    facts = ((text.SOURCE, question.source), (text.VERIFIED, question.verified), (text.QUESTION_ID, question.id))
    listed = "".join(f"<dt>{escape(say(name, lang))}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    parts = (
        heading(question_line(question, bank, lang)),
        asked(question.question.in_lang(lang)),
        titled(text.REFERENCE, lang),
        reference_html(question, lang),
        _notes(text.MISCONCEPTIONS, question.misconceptions, lang),
        _notes(text.FOLLOW_UPS, question.follow_ups, lang),
        f"<dl>{listed}</dl>",
    )
    return f'<article class="reading">{"".join(parts)}</article>'


def _notes(title: Bilingual, notes: tuple[PointNote, ...], lang: Lang) -> str:
    items = "".join(f"<li>{formulas_html(note.text.in_lang(lang))}</li>" for note in notes)
    return f"{titled(title, lang)}<ul>{items}</ul>" if notes else ""
