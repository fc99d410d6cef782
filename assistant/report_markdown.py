"""An interview's report as Markdown, with the user's words escaped so that they cannot become markup."""

import re

from assistant.bank import Bank
from assistant.grade import Grade
from assistant.interview import STUDY_BELOW, Exchange, Interview, follow_up_text
from assistant.question import Bilingual, Lang, Question
from assistant.report_words import POINT_SYMBOLS, say
from assistant.summary import PointResult, StudyItem, Summary, known_question, point_results, question_text, summarise

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # CommonMark: any of these after a backslash is that character
_LINE_END = re.compile(r"\r\n|\r|\n")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_FORMULA = re.compile(r"(\$[^$\n]+\$)")
_MARKUP_START = re.compile(r"<(?=[A-Za-z/!?])|\](?=[(\[])")  # of a tag, of a link's address
_INDENT = re.compile(r"^[ \t]+")


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: punctuation escaped, control characters (bidi too) as U+FFFD."""
    return "\n".join(_escaped(_INDENT.sub(_no_break, line)) for line in _LINE_END.split(text))


def _escaped(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", _INVISIBLE.sub("\ufffd", text))


def _no_break(indent: re.Match[str]) -> str:
    """Four spaces would begin a code block, where a backslash is shown."""
    return "\u00a0" * len(indent[0].expandtabs(4))


def quoted(text: str) -> str:
    """Return text as a Markdown quotation, its line breaks kept."""
    return "\n".join(f"> {line}  " if line else ">" for line in plain(text).split("\n"))


def with_formulas(text: str) -> str:
    """Return a bank's text: $...$ kept (a space keeps `<i` from being a tag), the rest escaped, on one line."""
    parts = _FORMULA.split(" ".join(_INVISIBLE.sub("\ufffd", text).split()))
    return "".join(_MARKUP_START.sub(r"\g<0> ", part) if at % 2 else _escaped(part) for at, part in enumerate(parts))


def report_markdown(interview: Interview, bank: Bank, lang: Lang) -> str:
    """Return the report as a Markdown document (CommonMark with tables)."""
    summary = summarise(interview, bank)
    done = [exchange for exchange in interview.exchanges if exchange.done]
    blocks = [*_overview(summary, lang), *_topics(summary, lang)]
    if done:
        blocks += [f"## {say('study', lang)}", *_study(summary, lang), f"## {say('in_detail', lang)}"]
    for number, exchange in enumerate(done, start=1):
        blocks += _exchange(number, exchange, bank, lang)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _overview(summary: Summary, lang: Lang) -> list[str]:
    counts = say(
        "counts",
        lang,
        total=summary.total,
        answered=summary.answered,
        skipped=summary.skipped,
        follow_ups=summary.follow_ups,
        hints=summary.hints,
    )
    empty = "" if summary.answered or summary.skipped else say("nothing_answered", lang)
    return [f"# {say('report', lang)}", f"**{say('overall', lang)} {summary.score}/100**", counts, empty]


def _topics(summary: Summary, lang: Lang) -> list[str]:
    if not summary.topics:
        return []
    head = f"| {say('topic', lang)} | {say('score', lang)} | {say('questions', lang)} |\n| --- | ---: | ---: |"
    rows = [f"| {plain(t.title.in_lang(lang))} | {t.score} | {t.questions} |" for t in summary.topics]
    return [f"## {say('topics', lang)}", "\n".join([head, *rows])]


def _study(summary: Summary, lang: Lang) -> list[str]:
    if not summary.study:
        return [say("nothing_to_study", lang)]
    return [block for item in summary.study for block in _study_item(item, lang)]


def _study_item(item: StudyItem, lang: Lang) -> list[str]:
    return [
        f"### {with_formulas(item.question.in_lang(lang))} ({item.score}/100)",
        _points(item.points, lang),
        _reference(item.reference, lang),
    ]


def _reference(text: Bilingual, lang: Lang) -> str:
    return f"**{say('reference', lang)}**\n\n{with_formulas(text.in_lang(lang))}" if text.in_lang(lang) else ""


def _points(points: tuple[PointResult, ...], lang: Lang) -> str:
    return "\n".join(_point(point, lang) for point in points)


def _point(point: PointResult, lang: Lang) -> str:
    line = f"- {POINT_SYMBOLS[point.verdict]} **{say(point.verdict, lang)}** {with_formulas(point.text.in_lang(lang))}"
    if point.evidence is None:
        return line
    words = plain(" ".join(point.evidence.text.split()))
    return f"{line}\\\n  {say('said', lang)}“{words}”"


def _exchange(number: int, exchange: Exchange, bank: Bank, lang: Lang) -> list[str]:
    tags = " · ".join(say(name, lang) for name in ("skipped", "hinted") if getattr(exchange, name))
    heading = f"### {number}. {with_formulas(question_text(exchange, bank).in_lang(lang))}"
    question = known_question(exchange, bank)
    # the reference answers of the others stand under what to study next
    reference = _reference(question.reference, lang) if question and exchange.score >= STUDY_BELOW else ""
    return [
        f"{heading} ({tags})" if tags else heading,
        *_answered(exchange.answer, exchange.grade, lang),
        _points(point_results(exchange, bank), lang) if exchange.grade else "",
        *_follow_up(exchange, question, lang),
        reference,
    ]


def _answered(answer: str | None, grade: Grade | None, lang: Lang) -> list[str]:
    if grade is None:
        return []
    interval = say("interval", lang, low=grade.interval[0], high=grade.interval[1])
    return [
        f"**{say('your_answer', lang)}**",
        quoted(answer or ""),
        f"**{grade.score}/100** · {say(grade.verdict, lang)} · {interval}",
        "\n".join(f"- ⚑ {say(flag, lang)}" for flag in grade.flags),
        plain(grade.feedback),
    ]


def _follow_up(exchange: Exchange, question: Question | None, lang: Lang) -> list[str]:
    if exchange.follow_up is None:
        return []
    asked = follow_up_text(question, exchange.follow_up).in_lang(lang) if question else ""
    heading = f"**{say('follow_up', lang)}** {with_formulas(asked)}"
    if exchange.follow_up_grade is None:
        return [heading, say("not_answered", lang)]
    return [heading, *_answered(exchange.follow_up_answer, exchange.follow_up_grade, lang)]
