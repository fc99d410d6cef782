"""From verdicts on key points to a score's limits, a verdict on the whole and flags."""

from collections.abc import Sequence

from assistant.grade import Flag, PointGrade, PointVerdict, Verdict
from assistant.prepared import Prepared
from assistant.text import term_set

CREDIT: dict[PointVerdict, float] = {"covered": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": -0.5}
KEYWORDS_AT_MOST = 15  # points for naming the right terms and saying nothing about them
CONTRADICTORY_SHARE = 0.3  # of the question's weight
REVERSED_AT_MOST = 25  # points for an answer that says the reverse of half of what it speaks to
CORRECT_FROM = 80
TOO_SHORT = 4  # content terms
OFF_TOPIC_BELOW = 0.12  # no key point is addressed with a higher probability


def score_of(points: Sequence[PointGrade]) -> int:
    """Return 0 to 100: the weighted credit of the verdicts; what is reversed costs half of what it would have won."""
    return max(0, min(100, round(100 * sum(point.weight * CREDIT[point.verdict] for point in points))))


def mostly_reversed(points: Sequence[PointGrade]) -> bool:
    """Whether at least half of what the answer speaks to, by weight, is said the wrong way round."""
    reversed_share = sum(point.weight for point in points if point.verdict == "contradicted")
    spoken_to = sum(point.weight for point in points if point.verdict != "missing")
    return reversed_share > 0 and reversed_share >= spoken_to / 2


def verdict_of(points: Sequence[PointGrade], score: int, item: Prepared) -> Verdict:
    """Return the verdict on the whole answer."""
    if item.empty:
        return "no_answer"
    reversed_share = sum(point.weight for point in points if point.verdict == "contradicted")
    if reversed_share >= CONTRADICTORY_SHARE:
        return "contradictory"
    if score >= CORRECT_FROM and not reversed_share:
        return "correct"
    if any(point.verdict in ("covered", "partial") for point in points):
        return "partly_correct"
    return "contradictory" if reversed_share else "incorrect"


def more_flags(item: Prepared, addressed: Sequence[float], score: int) -> tuple[Flag, ...]:
    """Return the answer's flags; addressed: how likely it speaks to each key point, 0..1."""
    flags = list(item.flags)
    if item.empty:
        return tuple(flags)
    if score < CORRECT_FROM and len(term_set(item.answer)) < TOO_SHORT:
        flags.append("too_short")
    untouched = max(addressed, default=0.0) < OFF_TOPIC_BELOW
    if untouched and not flags:
        flags.append("off_topic")
    return tuple(flags)
