"""The verb mock: an interview in the terminal, every answer in the history before its grade is shown."""

import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.rule import Rule

from assistant.cli.output import (
    DONE,
    INTERRUPTED,
    JsonOption,
    check_topic,
    chosen_lang,
    console,
    loaded,
    open_engine,
    print_json,
    shown,
)
from assistant.cli.scoring import grade_text
from assistant.errors import InputError
from assistant.interview import MAX_LENGTH, Interview, Plan, follow_up_text, start
from assistant.question import Bilingual, Lang
from assistant.report_words import say
from assistant.session import Session, known_user, new_user
from assistant.summary import Summary, summarise

USER_FILE = "terminal-user"  # in the data folder: the random id under which the terminal's history stands

_WORDS = {
    "how": Bilingual(
        "逐行作答，空行结束。:hint 提示，:skip 跳过，:quit 结束面试。",
        "Type your answer; an empty line ends it. :hint for a hint, :skip to skip, :quit to end the interview.",
    ),
    "hint": Bilingual("提示：", "Hint: "),
    "follow_up": Bilingual("追问：", "Follow-up: "),
    "unknown": Bilingual(
        "没有这个命令；可用 :hint、:skip、:quit。", "There is no such command; use :hint, :skip or :quit."
    ),
    "of": Bilingual(
        "第 {number} 题，共 {total} 题 · {topic} · 难度 {level}", "{number} of {total} · {topic} · level {level}"
    ),
    "kept": Bilingual("已作答的部分保存在历史里。", "What you answered is kept in the history."),
}


def _words(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key].in_lang(lang).format(**values)


def mock(
    topic: Annotated[str | None, typer.Option(help="Only this topic; bank stats lists them.")] = None,
    length: Annotated[int, typer.Option(min=1, max=MAX_LENGTH, help="How many questions.")] = 5,
    lang: Annotated[str | None, typer.Option(help="Language of the interview: zh or en.")] = None,
    seed: Annotated[int | None, typer.Option(help="Ask the same questions every time.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Take a mock interview in the terminal; --json prints the finished interview at its end."""
    engine = open_engine()
    plan = Plan(chosen_lang(lang, engine.settings), check_topic(topic, engine.bank), length=length)
    session = Session(engine, _user(engine.settings.data))
    engine.warm_up()  # while the first question is read and answered
    if seed is None:
        interview = session.begin(plan)
    else:  # what went badly before would change the choice
        interview = session.keep(start(uuid.uuid4().hex, engine.bank, plan, random.Random(seed)))  # noqa: S311
    talk = _Talk(session, console(sys.stderr if as_json else sys.stdout), sys.stdin)
    try:
        interview = talk.hold(interview)
    except KeyboardInterrupt:
        talk.out.print("\n" + _words("kept", plan.lang))
        return INTERRUPTED
    summary = summarise(interview, engine.bank)
    talk.close(summary, plan.lang)
    if as_json:
        print_json({**interview.to_dict(), "report": summary.to_dict()})
    return DONE


def _user(folder: Path) -> str:
    """Return the id of whoever uses this terminal: random, so that no browser can claim it, and kept."""
    file = folder / USER_FILE
    kept = known_user(file.read_text(encoding="utf-8").strip()) if file.is_file() else None
    if kept is None:
        kept = new_user()
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(kept, encoding="utf-8")
    return kept


@dataclass(frozen=True)
class _Talk:
    """A conversation: questions and grades to `out`, answers and commands from `source`."""

    session: Session
    out: Console
    source: TextIO

    def hold(self, interview: Interview) -> Interview:
        """Ask until the interview is over or the input ends; return the finished interview."""
        lang = interview.plan.lang
        self.out.print(_words("how", lang))
        entries = _entries(self.source)
        self._ask(interview)
        while interview.step != "finished":
            entry = next(entries, ":quit")
            before = interview
            try:
                interview = self._take(interview, entry)
            except InputError as problem:
                self.out.print(shown(str(problem)))
            if (interview.at, interview.step) != (before.at, before.step) and interview.step != "finished":
                self._ask(interview)
        return interview

    def _take(self, interview: Interview, entry: str) -> Interview:
        """Return the interview after an answer or a command."""
        lang = interview.plan.lang
        match entry.strip().lower():
            case ":quit" | ":q":
                return self.session.keep(interview.finish())
            case ":skip" | ":s":
                return self.session.keep(interview.skip())
            case ":hint" | ":h":
                question = self.session.engine.bank.get(interview.current.question_id)
                self.out.print(_words("hint", lang) + shown(question.hint.in_lang(lang)))
                return self.session.keep(interview.hint())
            case command if command.startswith(":") and len(command.split()) == 1:
                self.out.print(_words("unknown", lang))
                return interview
        loaded(self.session.engine)
        answered = self.session.answer(interview, entry)
        exchange = answered.exchanges[interview.at]
        grade = exchange.follow_up_grade or exchange.grade
        if grade is not None:
            self.out.print(grade_text(grade, lang))
        return answered

    def _ask(self, interview: Interview) -> None:
        lang, bank = interview.plan.lang, self.session.engine.bank
        exchange = interview.current
        question = bank.get(exchange.question_id)
        if interview.step == "follow_up" and exchange.follow_up is not None:
            asked = follow_up_text(question, exchange.follow_up).in_lang(lang)
            self.out.print("\n" + _words("follow_up", lang) + shown(asked))
            return
        where = _words(
            "of",
            lang,
            number=interview.at + 1,
            total=len(interview.exchanges),
            topic=bank.title(question.topic).in_lang(lang),
            level=question.difficulty,
        )
        self.out.print()
        self.out.print(Rule(shown(where), align="left"))
        self.out.print(shown(question.question.in_lang(lang)))

    def close(self, summary: Summary, lang: Lang) -> None:
        """Print the report's outline."""
        self.out.print()
        self.out.print(Rule(say("report", lang), align="left"))
        counts = {name: getattr(summary, name) for name in ("total", "answered", "skipped", "follow_ups", "hints")}
        self.out.print(f"{say('overall', lang)} {summary.score}/100. {say('counts', lang, **counts)}")
        for topic in summary.topics:
            self.out.print(f"  {topic.score:>3}  {shown(topic.title.in_lang(lang))}")
        if summary.study:
            self.out.print(say("study", lang) + ":")
        for item in summary.study:
            self.out.print(f"  {item.score:>3}  {shown(item.question.in_lang(lang))}")
            for point in item.points:
                self.out.print(f"         {say(point.verdict, lang)}: {shown(point.text.in_lang(lang))}")


def _entries(source: TextIO) -> Iterator[str]:
    """Yield answers (lines up to an empty one) and commands (one line that starts with a colon)."""
    lines: list[str] = []
    for line in source:
        if not lines and line.lstrip().startswith(":"):
            yield line
        elif line.strip():
            lines.append(line)
        elif lines:
            yield "".join(lines)
            lines = []
    if lines:
        yield "".join(lines)
