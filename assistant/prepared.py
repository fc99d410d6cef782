"""An answer before it is read: what of it counts, and what is odd about it."""

from dataclasses import dataclass

from assistant.flags import (
    COPY_SHARE,
    ECHO_SHARE,
    REPEATED_SHARE,
    copied_share,
    echo_share,
    is_instruction,
    is_keyword_list,
    is_no_answer,
    repeated_share,
)
from assistant.grade import Flag
from assistant.question import Lang, Question
from assistant.text import Claim, check_answer, claims, detect_lang

ECHOED_SHARE = 0.6  # of the answer's characters
MAX_CLAIMS = 250  # of one answer: about fifteen minutes of talk


@dataclass(frozen=True)
class Prepared:
    """A cleaned answer; `kept` are the claims that count.

    empty: nothing is said, or that one does not know; keywords: terms are listed and nothing is said about them.
    """

    answer: str
    lang: Lang
    kept: tuple[Claim, ...]
    flags: tuple[Flag, ...]
    empty: bool
    keywords: bool


def prepare(question: Question, answer: str) -> Prepared:
    """Clean an answer, leave out what does not count, and flag what is odd; raise InputError for one too long."""
    text = check_answer(answer)
    found = claims(text)[:MAX_CLAIMS]
    flags: list[Flag] = []
    spoken = [claim for claim in found if not is_instruction(claim.text)]
    if len(spoken) < len(found):
        flags.append("instruction_in_answer")
    if repeated_share(spoken) >= REPEATED_SHARE:
        flags.append("repetition")
    said = [claim for claim in spoken if not _echoes(claim.text, question)]
    length = sum(len(claim.text) for claim in spoken)
    if spoken and length - sum(len(claim.text) for claim in said) > ECHOED_SHARE * length:
        flags.append("question_echo")
    if _copied(text, question):
        flags.append("copied_reference")
    keywords = is_keyword_list(text) and not _wants_a_list(question)
    if keywords:
        flags.append("keyword_list")
    return Prepared(text, detect_lang(text), tuple(said), tuple(flags), is_no_answer(text), keywords)


def _echoes(claim: str, question: Question) -> bool:
    """Whether a claim repeats the question; what the reference says in the question's own words does not."""
    return echo_share(claim, question) >= ECHO_SHARE and not _copied(claim, question)


def _wants_a_list(question: Question) -> bool:
    return any(is_keyword_list(reference) for reference in (question.reference.zh, question.reference.en))


def _copied(answer: str, question: Question) -> bool:
    references = (question.reference.zh, question.reference.en)
    return max(copied_share(answer, reference) for reference in references) >= COPY_SHARE
