"""A mock interview as a frozen value: every step returns a new one. Time, chance and grading are passed in."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from assistant.bank import Bank
from assistant.errors import InputError
from assistant.grade import Grade, PointGrade
from assistant.question import Bilingual, Lang, PointNote, Question

MAX_LENGTH = 30
Step = Literal["question", "follow_up", "finished"]
FOLLOW_UP_BELOW = 85  # an answer that scores higher has nothing left worth asking for
STUDY_BELOW = 60


@dataclass(frozen=True)
class Plan:
    """What kind of interview is wanted; empty tuples let everything through."""

    lang: Lang = "en"
    topics: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    difficulty: tuple[int, int] = (1, 5)
    length: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.length <= MAX_LENGTH:
            raise InputError(f"An interview of {self.length} questions is not possible; choose 1 to {MAX_LENGTH}.")
        low, high = self.difficulty
        if not 1 <= low <= high <= 5:  # noqa: PLR2004
            raise InputError(f"Difficulty {low} to {high} is not a range; use numbers from 1 to 5, the lower first.")


@dataclass(frozen=True)
class Exchange:
    """One question of an interview and what came of it.

    answer/grade: None until answered; follow_up_*: likewise, where one was asked. best: the key points after the
    follow-up, a point won there counting as covered.
    """

    question_id: str
    answer: str | None = None
    grade: Grade | None = None
    hinted: bool = False
    skipped: bool = False
    follow_up: str | None = None  # id of the key point asked for
    follow_up_answer: str | None = None
    follow_up_grade: Grade | None = None

    @property
    def done(self) -> bool:
        """Whether the interview has moved past the first answer."""
        return self.skipped or self.grade is not None

    @property
    def points(self) -> tuple[PointGrade, ...]:
        """The key points' verdicts, a point won (or spoilt) in the follow-up put in place of the first verdict."""
        first = self.grade.key_points if self.grade else ()
        if self.follow_up_grade is None:
            return first
        # the follow-up was graded as a question of one key point, so its weight there is 1
        later = {point.id: point for point in self.follow_up_grade.key_points if point.id == self.follow_up}
        return tuple(replace(later.get(point.id, point), weight=point.weight) for point in first)

    @property
    def score(self) -> int:
        """0 to 100: the first answer's score, raised by half the weight of a point won in the follow-up."""
        if self.grade is None:
            return 0
        gained = 0.0
        before = {point.id: point for point in self.grade.key_points}
        for point in self.points:
            if point.id == self.follow_up and point.verdict == "covered" and before[point.id].verdict != "covered":
                gained += 50 * point.weight
        return min(100, round(self.grade.score + gained))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "question_id": self.question_id,
            "answer": self.answer,
            "grade": self.grade.to_dict() if self.grade else None,
            "hinted": self.hinted,
            "skipped": self.skipped,
            "follow_up": self.follow_up,
            "follow_up_answer": self.follow_up_answer,
            "follow_up_grade": self.follow_up_grade.to_dict() if self.follow_up_grade else None,
            "score": self.score,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Exchange":
        """Read the JSON form."""
        fields = {key: value for key, value in data.items() if key != "score"}
        for key in ("grade", "follow_up_grade"):
            fields[key] = Grade.from_dict(fields[key]) if fields[key] else None
        return cls(**fields)


@dataclass(frozen=True)
class Interview:
    """An interview under way or over. `at` is the exchange being asked; equal to the length when finished."""

    id: str
    plan: Plan
    exchanges: tuple[Exchange, ...] = field(default=())
    at: int = 0

    @property
    def step(self) -> Step:
        """What is expected next: an answer to the question, one to the follow-up, or nothing."""
        if self.at >= len(self.exchanges):
            return "finished"
        current = self.exchanges[self.at]
        return "follow_up" if current.done and current.follow_up else "question"

    @property
    def current(self) -> Exchange:
        """The exchange being asked; raise InputError when the interview is over."""
        if self.step == "finished":
            raise InputError("This interview is finished; start a new one.")
        return self.exchanges[self.at]

    def _with_current(self, exchange: Exchange, advance: bool) -> "Interview":
        exchanges = (*self.exchanges[: self.at], exchange, *self.exchanges[self.at + 1 :])
        return replace(self, exchanges=exchanges, at=self.at + int(advance))

    def hint(self) -> "Interview":
        """Note that the hint of the current question was taken."""
        return self._with_current(replace(self.current, hinted=True), advance=False)

    def skip(self) -> "Interview":
        """Leave the current question, or its follow-up, unanswered."""
        if self.step == "follow_up":
            return self._with_current(self.current, advance=True)
        return self._with_current(replace(self.current, skipped=True), advance=True)

    def answer(self, text: str, grade: Grade, question: Question) -> "Interview":
        """Take an answer and its grade; ask one follow-up about the weightiest missing key point, if there is one."""
        current = self.current
        if self.step == "follow_up":
            done = replace(current, follow_up_answer=text, follow_up_grade=grade)
            return self._with_current(done, advance=True)
        wanted = choose_follow_up(question, grade)
        done = replace(current, answer=text, grade=grade, follow_up=wanted)
        return self._with_current(done, advance=wanted is None)

    def finish(self) -> "Interview":
        """End now; questions not reached are dropped, an unanswered follow-up stays unanswered."""
        kept = tuple(exchange for exchange in self.exchanges if exchange.done)
        return replace(self, exchanges=kept, at=len(kept))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        plan = self.plan
        return {
            "id": self.id,
            "plan": {
                "lang": plan.lang,
                "topics": list(plan.topics),
                "roles": list(plan.roles),
                "difficulty": list(plan.difficulty),
                "length": plan.length,
            },
            "exchanges": [exchange.to_dict() for exchange in self.exchanges],
            "at": self.at,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Interview":
        """Read the JSON form."""
        plan = data["plan"]
        return cls(
            id=data["id"],
            plan=Plan(
                plan["lang"], tuple(plan["topics"]), tuple(plan["roles"]), tuple(plan["difficulty"]), plan["length"]
            ),
            exchanges=tuple(Exchange.from_dict(exchange) for exchange in data["exchanges"]),
            at=data["at"],
        )


def choose_follow_up(question: Question, grade: Grade) -> str | None:
    """Return the id of the weightiest missing or partial key point, one with a written follow-up first; else None.

    None too where nothing can be asked: a good answer, or no answer at all.
    """
    if grade.score >= FOLLOW_UP_BELOW or grade.verdict == "no_answer":
        return None
    open_points = grade.points("missing", "partial")
    if not open_points:
        return None
    best = max(open_points, key=lambda point: (question.follow_up_for(point.id) is not None, point.weight))
    return best.id


def follow_up_text(question: Question, point_id: str) -> Bilingual:
    """Return the follow-up's wording: the bank's own, or a general one that gives nothing away."""
    note: PointNote | None = question.follow_up_for(point_id)
    if note is not None:
        return note.text
    return Bilingual(
        "你的回答里还缺一个重要方面，想一想还有什么没有讲到？",
        "One important aspect is still missing; what else matters?",
    )


def follow_up_question(question: Question, point_id: str) -> Question:
    """Return the question narrowed to one key point, as the follow-up's answer is graded."""
    point = question.key_point(point_id)
    return replace(
        question,
        question=follow_up_text(question, point_id),
        reference=point.text,
        key_points=(point,),
        misconceptions=tuple(note for note in question.misconceptions if note.key_point == point_id),
    )


def start(
    interview_id: str,
    bank: Bank,
    plan: Plan,
    rng: random.Random,
    weakness: Mapping[str, float] | None = None,
) -> Interview:
    """Choose the questions and start; raise InputError where none fits the plan.

    rng: the only source of chance. weakness: 0..1 by topic, higher for topics that went badly before; such topics come
    up more often. Topics are spread as evenly as the plan allows, and the easier questions come first.
    """
    pool = list(bank.select(plan.topics, plan.roles, (), plan.difficulty))
    if not pool:
        raise InputError("No question fits this choice; widen the topics, roles or difficulty.")
    chosen = _spread(pool, min(plan.length, len(pool)), rng, weakness or {})
    chosen.sort(key=lambda question: question.difficulty)
    return Interview(interview_id, plan, tuple(Exchange(question.id) for question in chosen))


def _spread(pool: Sequence[Question], count: int, rng: random.Random, weakness: Mapping[str, float]) -> list[Question]:
    """Draw `count` questions, a topic's chance falling with every question already drawn from it."""
    left = list(pool)
    drawn: dict[str, int] = {}
    chosen: list[Question] = []
    while left and len(chosen) < count:
        sizes = {topic: sum(q.topic == topic for q in left) for topic in {q.topic for q in left}}
        weights = [(1 + weakness.get(q.topic, 0.0)) / sizes[q.topic] / (1 + drawn.get(q.topic, 0)) ** 3 for q in left]
        pick = rng.choices(range(len(left)), weights)[0]
        question = left.pop(pick)
        drawn[question.topic] = drawn.get(question.topic, 0) + 1
        chosen.append(question)
    return chosen
