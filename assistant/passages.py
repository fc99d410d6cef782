"""An answer in passages that the reader can take at once, and back from where it looked to the claims."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.text import Claim

PASSAGE = 900  # width in characters, Chinese counted twice: about 300 tokens
NEIGHBOUR_SHARE = 0.6  # a claim beside the best belongs to the evidence with this share of its gaze
Gaze = Sequence[tuple[int, int, float]]


@dataclass(frozen=True)
class Passage:
    """Neighbouring claims as one text; starts[i] is where claims[i] begins in it."""

    text: str
    claims: tuple[Claim, ...]
    starts: tuple[int, ...]


def _width(text: str) -> int:
    return sum(2 if char > "\u2e80" else 1 for char in text)


def passages(claims: Sequence[Claim], answer: str) -> list[Passage]:
    """Cut the claims that count into passages of at most PASSAGE, or of one longer claim."""
    groups: list[list[Claim]] = []
    width = 0
    for claim in claims:
        own = _width(claim.text)
        if not groups or width + own > PASSAGE:
            groups.append([])
            width = 0
        groups[-1].append(claim)
        width += own
    return [_passage(group, answer) for group in groups]


def _passage(group: Sequence[Claim], answer: str) -> Passage:
    """Join claims as they stand in the answer, with what is between them unless a claim was left out there."""
    text, starts, last = "", [], group[0].start
    for claim in group:
        between = answer[last : claim.start]
        text += between if not any(char.isalnum() for char in between) else " "
        starts.append(len(text))
        text += claim.text
        last = claim.end
    return Passage(text, tuple(group), tuple(starts))


def evidence(passage: Passage, gaze: Gaze) -> tuple[int, int]:
    """Return the (start, end) in the answer of the claims that were looked at most."""
    shares = [
        sum(share for start, end, share in gaze if first <= (start + end) / 2 < first + len(claim.text))
        for first, claim in zip(passage.starts, passage.claims, strict=True)
    ]
    best = max(range(len(shares)), key=shares.__getitem__)
    low = high = best
    while low > 0 and shares[low - 1] >= NEIGHBOUR_SHARE * shares[best]:
        low -= 1
    while high + 1 < len(shares) and shares[high + 1] >= NEIGHBOUR_SHARE * shares[best]:
        high += 1
    return passage.claims[low].start, passage.claims[high].end
