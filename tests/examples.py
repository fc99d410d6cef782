"""Small questions, banks, grades and interviews for tests, made by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from assistant.bank import Bank
from assistant.grade import Evidence, Flag, Grade, PointGrade, PointVerdict, Verdict
from assistant.history import Attempt
from assistant.interview import Exchange, Interview, Plan, follow_up_question
from assistant.question import Bilingual, KeyPoint, Lang, PointNote, Question


def make_question(
    number: int,
    topic: str = "rag",
    difficulty: int = 2,
    roles: tuple[str, ...] = ("llm-engineer",),
    weights: Sequence[int] = (3, 2, 1),
) -> Question:
    """A question whose texts all carry its number; the follow-ups ask for its last two key points."""
    points = tuple(
        KeyPoint(f"p{i}", weight, Bilingual(f"问题{number}的要点{i}", f"Key point {i} of question {number}"))
        for i, weight in enumerate(weights)
    )
    return Question(
        id=f"{topic}-{number}",
        topic=topic,
        kind="concept",
        difficulty=difficulty,
        roles=roles,
        question=Bilingual(f"第{number}个问题是什么？", f"What is question number {number}?"),
        reference=Bilingual(f"第{number}个参考答案。", f"Reference answer number {number}."),
        key_points=points,
        misconceptions=(PointNote("p0", Bilingual("一个错误的说法", "A claim that is false")),),
        follow_ups=tuple(
            PointNote(point.id, Bilingual(f"请再讲讲{point.id}？", f"And what about {point.id}?"))
            for point in points[-2:]
        ),
        hint=Bilingual("提示在这里", "A hint is here"),
        source="made by hand",
        licence="Apache-2.0",
        verified="2026-11-22",
    )


def make_bank(questions: Sequence[Question]) -> Bank:
    """A bank of these questions; every topic's title is its slug in capitals, with a Chinese word before it."""
    topics = dict.fromkeys(question.topic for question in questions)
    return Bank(tuple(questions), {topic: Bilingual(f"主题{topic}", topic.upper()) for topic in topics})


def make_grade(
    question: Question,
    answer: str = "",
    verdicts: Sequence[PointVerdict] = (),
    spans: Sequence[tuple[int, int] | None] = (),
    *,
    score: int | None = None,
    verdict: Verdict = "partly_correct",
    flags: tuple[Flag, ...] = (),
    feedback: str = "",
    lang: Lang = "en",
) -> Grade:
    """A grade of the question's key points; score None: the share of covered points and half of the partial ones."""
    total = sum(point.weight for point in question.key_points)
    given: Sequence[PointVerdict] = verdicts or ["missing"] * len(question.key_points)
    places = [*spans, *[None] * (len(given) - len(spans))]
    points = tuple(
        PointGrade(
            point.id,
            point.text.in_lang(lang),
            point.weight / total,
            said,
            0.9,
            Evidence(*place, answer[slice(*place)]) if place else None,
        )
        for point, said, place in zip(question.key_points, given, places, strict=True)
    )
    worth = {"covered": 100, "partial": 50}
    found = round(sum(worth.get(p.verdict, 0) * p.weight for p in points)) if score is None else score
    interval = (max(0, found - 10), min(100, found + 10))
    return Grade(found, interval, verdict, points, flags, feedback, lang, "made-1", "tiny", "0123456789ab")


def answered(question: Question, answer: str, grade: Grade, **more: object) -> Exchange:
    """An exchange that has this answer."""
    return replace(Exchange(question.id, answer, grade), **more)  # type: ignore[arg-type]


def finished(*exchanges: Exchange, lang: Lang = "en") -> Interview:
    """An interview over and done with these exchanges."""
    return Interview("made", Plan(lang=lang, length=max(1, len(exchanges))), exchanges, len(exchanges))


def make_attempt(user: str, question: Question, answer: str, score: int = 50, minute: int = 0) -> Attempt:
    """An attempt made on the first of November 2026, `minute` minutes after nine."""
    at = datetime(2026, 11, 1, 9 + minute // 60, minute % 60, tzinfo=UTC)
    grade = make_grade(question, answer, score=score)
    return Attempt(user, at, "practice", question.id, question.topic, answer, grade)


def mixed_interview() -> tuple[Interview, Bank]:
    """Three questions: one good, one skipped, one half wrong with a follow-up that won a point."""
    first, second, third = make_question(1, "rag"), make_question(2, "law"), make_question(3, "rag")
    good = make_grade(first, "all of it", ["covered"] * 3, [(0, 3), (4, 6), (7, 9)])
    bad = make_grade(third, "half", ["contradicted", "missing", "missing"], [(0, 4), None, None])
    won = make_grade(follow_up_question(third, "p1"), "now I know", ["covered"], [(0, 3)])
    interview = finished(
        answered(first, "all of it", good, hinted=True),
        Exchange(second.id, skipped=True),
        answered(third, "half", bad, follow_up="p1", follow_up_answer="now I know", follow_up_grade=won),
    )
    return interview, make_bank([first, second, third])
