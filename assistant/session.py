"""One user's interview and practice: every step is in the history before it is returned."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from assistant.engine import Engine
from assistant.errors import InputError
from assistant.feedback import in_language
from assistant.grade import Grade
from assistant.history import Attempt, StoredInterview
from assistant.interview import Exchange, Interview, Plan, follow_up_question, start
from assistant.question import Lang, Question
from assistant.text import MAX_ANSWER, clean


def new_user() -> str:
    """Return a fresh random user id."""
    return str(uuid.uuid4())


def known_user(claimed: object) -> str | None:
    """Return the user id if it has the form that `new_user` gives, else None; it proves nothing but itself."""
    if not isinstance(claimed, str) or len(claimed) != 36:  # noqa: PLR2004 - a UUID's length
        return None
    try:
        return claimed if str(uuid.UUID(claimed)) == claimed else None
    except ValueError:
        return None


def check_words(answer: str) -> str:
    """Return the answer; raise InputError for one with nothing in it (an over-long one is the grader's to refuse)."""
    if len(answer) <= MAX_ANSWER and not clean(answer).strip():
        raise InputError("The answer is empty; write a sentence or two, or skip the question.")
    return answer


def asked(bank_question: Question, exchange: Exchange) -> Question:
    """Return the question as it stands: narrowed to one key point once a follow-up is being asked."""
    if exchange.done and exchange.follow_up:
        return follow_up_question(bank_question, exchange.follow_up)
    return bank_question


_CHANCE = random.SystemRandom()


@dataclass(frozen=True)
class Session:
    """What one user may do; clock gives aware UTC times, rng chooses questions."""

    engine: Engine
    user: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    rng: random.Random = _CHANCE

    def __post_init__(self) -> None:
        if known_user(self.user) is None:
            raise InputError("This browser has no valid id; reload the page to get one.")

    def latest(self) -> Interview | None:
        """Return the user's newest interview, finished or not; None if the bank has lost its questions."""
        stored = self.engine.history.interviews(self.user, limit=1)
        if not stored:
            return None
        interview = stored[0].interview
        known = all(exchange.question_id in self.engine.bank for exchange in interview.exchanges)
        return interview if known or interview.step == "finished" else None

    def begin(self, plan: Plan) -> Interview:
        """Start and store an interview; raise InputError where no question fits the plan."""
        weakness = self.engine.history.weakness(self.user)
        return self.keep(start(uuid.uuid4().hex, self.engine.bank, plan, self.rng, weakness))

    def keep(self, interview: Interview) -> Interview:
        """Store an interview as it now stands, and return it."""
        self.engine.history.save_interview(StoredInterview(self.user, self.clock(), interview))
        return interview

    def answer(self, interview: Interview, text: str) -> Interview:
        """Grade and store an answer to what is asked now; raise InputError for one that cannot be graded."""
        exchange = interview.current
        question = self.engine.bank.get(exchange.question_id)
        source = "follow_up" if interview.step == "follow_up" else "interview"
        grade = self._graded(asked(question, exchange), text, source, interview.plan.lang)
        return self.keep(interview.answer(text, grade, question))

    def practise(self, question: Question, text: str, lang: Lang) -> Grade:
        """Grade and store an answer outside an interview; raise InputError for one that cannot be graded."""
        return self._graded(question, text, "practice", lang)

    def _graded(self, question: Question, text: str, source: str, lang: Lang) -> Grade:
        grade = in_language(self.engine.models.grader.grade(question, check_words(text)), question, lang)
        attempt = Attempt(self.user, self.clock(), source, question.id, question.topic, text, grade)
        self.engine.history.add(attempt)
        return grade
