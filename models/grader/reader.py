"""The trained reader as the grader uses it: texts in, probabilities and where it looked out."""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.grader.network import PointReader, ReaderConfig, sequences_of
from models.grader.readings import Item, PointReading
from models.grader.states import LowerLayers

FOLDER = Path(__file__).resolve().parent
WEIGHTS, SETTINGS = "weights.safetensors", "settings.json"
REMEMBERED = 2_000  # questions and key points whose states are kept: about 40 MB
TOKENS = 4_000  # of one forward pass, padding included
ANSWERS = 32  # read by the lower layers at once


class AnswerReader:
    """A reader that many threads share."""

    def __init__(self, encoder_model: Any, network: PointReader, settings: dict[str, Any]) -> None:
        self.lower = LowerLayers(encoder_model, network.config.lower)
        self.network = network.to(encoder_model.device).eval()
        self.settings = settings
        self._states: OrderedDict[str, Tensor] = OrderedDict()
        self._turn = threading.Lock()

    @classmethod
    def load(cls, encoder_model: Any, folder: Path = FOLDER) -> "AnswerReader":
        """Load the weights that ship with the program; raises OSError where they are missing."""
        from safetensors.torch import load_file

        from models.grader.train import new_reader

        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        network = new_reader(encoder_model, ReaderConfig(**settings["config"]))
        weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
        network.load_state_dict(weights)
        return cls(encoder_model, network, settings)

    def read(self, items: Sequence[Item]) -> list[list[PointReading]]:
        """Return one reading for every key point of every item; an item without words must not be given."""
        with self._turn, torch.inference_mode():
            kept = self._kept([text for item in items for text in (item.question, *item.points)])
            found: list[list[PointReading]] = [[] for _ in items]
            order = sorted(range(len(items)), key=lambda number: len(items[number].answer))
            for start in range(0, len(order), ANSWERS):
                part = order[start : start + ANSWERS]
                answers = self.lower([items[number].answer for number in part])
                self._read(part, items, kept, answers, found)
            return found

    def _kept(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """States of questions and key points, from memory where they have been read before."""
        wanted = list(dict.fromkeys(texts))
        missing = [text for text in wanted if text not in self._states]
        self._states.update(zip(missing, self.lower(missing), strict=True))
        found = {}
        for text in wanted:
            self._states.move_to_end(text)
            found[text] = self._states[text]
        while len(self._states) > REMEMBERED:
            self._states.popitem(last=False)
        return found

    def _read(
        self,
        numbers: Sequence[int],
        items: Sequence[Item],
        kept: dict[str, Tensor],
        answers: Sequence[Tensor],
        found: list[list[PointReading]],
    ) -> None:
        parts = [
            (kept[items[n].question], [kept[point] for point in items[n].points], answer)
            for n, answer in zip(numbers, answers, strict=True)
        ]
        lengths = [len(question) + sum(map(len, points)) + len(answer) for question, points, answer in parts]
        order = sorted(range(len(parts)), key=lambda row: lengths[row])
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and lengths[order[end]] * (end - start + 1) <= TOKENS:
                end += 1
            rows = order[start:end]
            logits, gaze = self.network(sequences_of([parts[row] for row in rows]).to(self.network.kinds.weight.device))
            probabilities = logits.softmax(-1).cpu().numpy()
            for place, row in enumerate(rows):
                item = items[numbers[row]]
                at = lengths[row] - len(answers[row])
                looked = gaze[place, :, at : lengths[row]].cpu().numpy()
                spans = self.lower.spans(item.answer)
                found[numbers[row]] = [
                    PointReading(
                        np.asarray(probabilities[place, point], dtype=np.float32),
                        tuple((s, e, float(g)) for (s, e), g in zip(spans, looked[point][1:], strict=True)),
                    )
                    for point in range(len(item.points))
                ]
            start = end
