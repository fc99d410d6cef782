"""A reader of answers: question, key points and answer meet in the upper layers of the sentence encoder.

The lower layers read every text by itself, so what they make of questions and key points is computed once and kept. The
upper layers, trained, read one sequence of states

    question | key point 1 | ... | key point n | answer

with full attention, and each key point's own states then say what became of it. One pass judges all key points of an
answer (the split into separate lower and joint upper layers follows DeFormer, Cao et al., ACL 2020).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.grader.readings import VERDICTS

QUESTION, POINT, ANSWER = 0, 1, 2
NEARNESSES = 2


@dataclass(frozen=True)
class ReaderConfig:
    """Sizes: `lower` of the encoder's layers read texts by themselves, the rest (trained) read them together."""

    hidden: int = 384
    lower: int = 6
    dropout: float = 0.1

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class Sequences:
    """A batch of B sequences of at most T states.

    states: (B, T, hidden); mask: (B, T) bool, true where there is a state; kinds: (B, T) in QUESTION, POINT, ANSWER;
    points: (B, T) the key point that a state belongs to, -1 elsewhere; count: the most key points of a sequence.
    """

    states: Tensor
    mask: Tensor
    kinds: Tensor
    points: Tensor
    count: int

    def to(self, device: torch.device) -> "Sequences":
        """Return the batch on a device."""
        return Sequences(
            self.states.to(device), self.mask.to(device), self.kinds.to(device), self.points.to(device), self.count
        )


def sequences_of(parts: Sequence[tuple[Tensor, Sequence[Tensor], Tensor]]) -> Sequences:
    """Join (question, key points, answer) states, each (length, hidden), into one padded batch."""
    joined = [torch.cat([question, *points, answer]) for question, points, answer in parts]
    size, longest = len(parts), max(len(states) for states in joined)
    states = joined[0].new_zeros(size, longest, joined[0].shape[1])
    mask = torch.zeros(size, longest, dtype=torch.bool)
    kinds = torch.full((size, longest), QUESTION)
    numbers = torch.full((size, longest), -1)
    for row, ((question, points, answer), whole) in enumerate(zip(parts, joined, strict=True)):
        states[row, : len(whole)] = whole
        mask[row, : len(whole)] = True
        at = len(question)
        for number, point in enumerate(points):
            kinds[row, at : at + len(point)] = POINT
            numbers[row, at : at + len(point)] = number
            at += len(point)
        kinds[row, at : at + len(answer)] = ANSWER
    return Sequences(states, mask, kinds, numbers, max(len(points) for _, points, _ in parts))


def nearness(states: Tensor, own: Tensor, answer: Tensor) -> Tensor:
    """Return (B, count, NEARNESSES): how near a key point's words come to the answer's, on average and at worst.

    Each word counts with its nearest word of the answer (Khattab and Zaharia, SIGIR 2020), as a cosine, scaled to be
    near 0..1. own: (B, count, T) bool; answer: (B, 1, T) bool.
    """
    directions = nn.functional.normalize(states, dim=-1)
    cosines = (directions @ directions.transpose(1, 2)).masked_fill(~answer, -1.0)
    nearest = cosines.max(-1).values[:, None, :].expand(own.shape)
    share = own.to(states.dtype)
    mean = (nearest * share).sum(-1) / share.sum(-1).clamp(min=1)
    least = nearest.masked_fill(~own, 1.0).min(-1).values
    return torch.stack([mean, least], dim=-1) * 4 - 2


class PointReader(nn.Module):
    """Upper encoder layers and a head: (B, T, hidden) states in, (B, count, 4) verdict logits out."""

    def __init__(self, layers: nn.ModuleList, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = layers
        self.kinds = nn.Embedding(3, config.hidden)
        nn.init.zeros_(self.kinds.weight)
        self.look = nn.Linear(config.hidden, config.hidden, bias=False)
        nn.init.eye_(self.look.weight)  # to begin with, a key point looks at what resembles it
        self.sharpness = nn.Parameter(torch.tensor(12.0))
        self.dropout = nn.Dropout(config.dropout)
        self.between = nn.Linear(4 * config.hidden + 2 * NEARNESSES, config.hidden)
        self.verdict = nn.Linear(config.hidden, len(VERDICTS))

    def forward(self, batch: Sequences) -> tuple[Tensor, Tensor]:
        """Return verdict logits (B, count, 4) and where each key point looked in the answer, (B, count, T), sum 1."""
        own = nn.functional.one_hot(batch.points + 1, batch.count + 1)[..., 1:].transpose(1, 2).bool()
        answer = ((batch.kinds == ANSWER) & batch.mask)[:, None, :]
        before = nearness(batch.states, own, answer)
        states = batch.states + self.kinds(batch.kinds)
        allowed = batch.mask[:, None, None, :]
        for layer in self.layers:
            states = layer(states, allowed)
        share = own.to(states.dtype)
        point = share @ states / share.sum(-1, keepdim=True).clamp(min=1)
        directions = nn.functional.normalize(self.look(states), dim=-1)
        looked = self.sharpness * nn.functional.normalize(point, dim=-1) @ directions.transpose(1, 2)
        gaze = looked.masked_fill(~answer, float("-inf")).softmax(-1)
        seen = gaze @ states
        near = torch.cat([before, nearness(states, own, answer)], dim=-1)
        joined = torch.cat([point, seen, point * seen, (point - seen).abs(), near], dim=-1)
        hidden = nn.functional.gelu(self.between(self.dropout(joined)))
        logits: Tensor = self.verdict(self.dropout(hidden))
        return logits, gaze
