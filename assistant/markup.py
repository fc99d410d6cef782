"""Graded answers as HTML fragments; every text that comes from outside is escaped."""

import html
import itertools
import re
from pathlib import Path

from assistant.feedback import headline
from assistant.grade import Evidence, Grade, PointGrade, PointVerdict
from assistant.question import Lang
from assistant.report_words import POINT_SYMBOLS, say

REPORT_CSS = Path(__file__).with_name("report.css").read_text(encoding="utf-8")

# where spans overlap, the worse news decides how the text is marked
_MARKED: tuple[PointVerdict, ...] = ("contradicted", "partial", "covered")
_SURROGATE = re.compile("[\ud800-\udfff]")


def escape(text: str) -> str:
    """Return text for HTML content or a quoted attribute; a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD."""
    return html.escape(_SURROGATE.sub("\ufffd", text), quote=True)


def highlighted_answer(answer: str, grade: Grade, lang: Lang) -> str:
    """Return the answer as HTML, the key points' evidence in <mark>; its text is exactly the answer."""
    points = [(point, point.evidence) for point in grade.points(*_MARKED) if point.evidence is not None]
    spans = [(max(0, found.start), min(len(answer), found.end), point) for point, found in points]
    edges = sorted({0, len(answer), *(edge for start, end, _ in spans if start < end for edge in (start, end))})
    pieces = []
    for start, end in itertools.pairwise(edges):
        here = [point for left, right, point in spans if left <= start and end <= right]
        pieces.append(_marked(escape(answer[start:end]), here, lang))
    return f'<div class="ia-answer" dir="auto">{"".join(pieces)}</div>'


def _marked(piece: str, points: list[PointGrade], lang: Lang) -> str:
    if not points:
        return piece
    verdict = min((point.verdict for point in points), key=_MARKED.index)
    title = "\n".join(f"{say(point.verdict, lang)}: {point.text}" for point in points)
    return f'<mark class="ia-mark ia-{verdict}" title="{escape(title)}">{piece}</mark>'


def grade_html(grade: Grade, lang: Lang) -> str:
    """Return the grade as HTML: score, interval, verdict, flags, and each key point with its evidence."""
    alone = len(grade.key_points) == 1
    points = "".join(_point(point, lang, alone) for point in grade.key_points)
    flags = "".join(f"<li>{escape(say(flag, lang))}</li>" for flag in grade.flags)
    return (
        f'<section class="ia-grade">{_headline(grade, lang)}'
        + (f'<ul class="ia-flags">{flags}</ul>' if flags else "")
        + f'<p class="ia-feedback">{escape(headline(grade, lang))}</p>'
        + (f'<ul class="ia-points">{points}</ul>' if points else "")
        + "</section>"
    )


def _headline(grade: Grade, lang: Lang) -> str:
    low, high = grade.interval
    return (
        f'<p class="ia-headline ia-{grade.verdict}"><span class="ia-score"><b>{grade.score}</b>/100</span> '
        f'<span class="ia-verdict">{escape(say(grade.verdict, lang))}</span> '
        f'<span class="ia-interval">{escape(say("interval", lang, low=low, high=high))}</span></p>'
    )


def _point(point: PointGrade, lang: Lang, alone: bool) -> str:
    share = escape(say("weight", lang, share=round(100 * point.weight)))
    note = "" if alone else f' <small class="ia-weight">{share}</small>'
    return point_html(point.verdict, escape(point.text), point.evidence, lang, note)


def point_html(verdict: PointVerdict, content: str, evidence: Evidence | None, lang: Lang, note: str = "") -> str:
    """Return one key point as a list item: the verdict as a symbol and a word, the point and the words that won it.

    content, note: HTML.
    """
    symbol = f'<span class="ia-symbol" aria-hidden="true">{POINT_SYMBOLS[verdict]}</span>'
    return (
        f'<li class="ia-point ia-{verdict}"><span class="ia-state">{symbol} {escape(say(verdict, lang))}</span> '
        f'<span class="ia-text"><bdi>{content}</bdi>{note}{quote_html(evidence, lang)}</span></li>'
    )


def quote_html(evidence: Evidence | None, lang: Lang) -> str:
    """Return the user's own words as a quotation; empty where there are none."""
    if evidence is None:
        return ""
    return f'<q class="ia-quote"><span class="ia-said">{say("said", lang)}</span><bdi>{escape(evidence.text)}</bdi></q>'
