"""What the encoder's lower layers make of a text by itself: the states that the reader joins."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

PROMPT = "query: "  # as in the encoder's training; its own states are left out again
LONGEST = 500  # tokens of one text; positions end at 512
BATCH = 32


def bert_of(model: Any) -> Any:
    """Return the BertModel inside a SentenceTransformer, or raise TypeError for another architecture."""
    bert = getattr(model[0], "auto_model", None) or getattr(model[0], "model", None)
    if type(bert).__name__ != "BertModel":
        raise TypeError(f"The grader reads a BertModel's layers; the encoder has a {type(bert).__name__}.")
    return bert


class LowerLayers(nn.Module):
    """Embeddings and the first layers of an encoder, frozen: texts to states."""

    def __init__(self, model: Any, lower: int) -> None:
        super().__init__()
        bert = bert_of(model)
        self.tokenizer = model.tokenizer
        self.embeddings = bert.embeddings
        self.layers = bert.encoder.layer[:lower]
        self.skipped = len(self.tokenizer(PROMPT.strip(), add_special_tokens=False)["input_ids"])

    @torch.inference_mode()
    def forward(self, texts: Sequence[str]) -> list[Tensor]:
        """Return one (length, hidden) tensor a text: its first token's state and its words', without the prompt's."""
        found: list[Tensor] = [torch.empty(0)] * len(texts)
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for number, states in zip(part, self._batch([texts[number] for number in part]), strict=True):
                found[number] = states
        return found

    def _batch(self, texts: Sequence[str]) -> list[Tensor]:
        tokens = self.tokenizer(
            [PROMPT + text for text in texts], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        ).to(self.embeddings.word_embeddings.weight.device)
        mask = tokens["attention_mask"].bool()
        states = self.embeddings(input_ids=tokens["input_ids"])
        for layer in self.layers:
            states = layer(states, mask[:, None, None, :])
        lengths = mask.sum(1).tolist()
        return [
            torch.cat([row[:1], row[1 + self.skipped : length - 1]])
            for row, length in zip(states, lengths, strict=True)
        ]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) in the text of every state but the first."""
        tokens = self.tokenizer(PROMPT + text, truncation=True, max_length=LONGEST, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        return [
            (max(0, start - len(PROMPT)), max(0, end - len(PROMPT))) for start, end in tokens[1 + self.skipped : -1]
        ]
