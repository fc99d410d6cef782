"""The embedded encoder once more, slowly and by other means: plain struct, a Viterbi search in Python, BERT in numpy.

It shares no code with models/e5.py, tokenizers or transformers; tests hold the fast encoder against it.
"""

import math
import struct
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

BOS, EOS, UNKNOWN = 0, 2, 3
HEADS = 12
erf = np.vectorize(math.erf, otypes=[np.float64])


def half(low: int, high: int) -> float:
    """Decode an IEEE 754 half-precision number from its two bytes, bit by bit."""
    bits = high << 8 | low
    sign, exponent, fraction = -1 if bits >> 15 else 1, bits >> 10 & 31, bits & 1023
    if exponent == 31:
        raise ValueError("not a finite number")
    return sign * (fraction * 2.0**-24 if exponent == 0 else (1 + fraction / 1024) * 2.0 ** (exponent - 15))


def q4_0_block(block: bytes) -> list[float]:
    """Decode 18 bytes of Q4_0 to 32 weights, one at a time."""
    scale = half(block[0], block[1])
    low = [scale * ((byte & 15) - 8) for byte in block[2:]]
    high = [scale * ((byte >> 4) - 8) for byte in block[2:]]
    return low + high


def q4_0(raw: bytes, columns: int) -> np.ndarray:
    """Decode many rows; scales by struct, nibbles by division."""
    scales, packed = zip(*struct.iter_unpack("<e16s", raw), strict=True)
    codes = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(-1, 16).astype(int)
    return (np.array(scales)[:, None] * (np.hstack([codes % 16, codes // 16]) - 8)).reshape(-1, columns)


class E5File:
    """The weight file, read number by number."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.hidden, self.layers = struct.unpack_from("<2i", self.data, 8)
        self.eps = struct.unpack_from("<f", self.data, 36)[0]
        count, *_ = struct.unpack_from("<5i", self.data, 44)
        length = struct.unpack_from("<Q", self.data, 64)[0]
        offsets = struct.unpack_from(f"<{count + 1}I", self.data, 72)
        at = 72 + 4 * (count + 1)
        self.scores = struct.unpack_from(f"<{count}f", self.data, at)
        at += 4 * count
        self.pieces = [self.data[at + a : at + b].decode() for a, b in pairwise(offsets)]
        at += length
        at += 8 + struct.unpack_from("<I", self.data, at + 4)[0]
        self.places = dict(self._directory(at))

    def _directory(self, at: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
        count = struct.unpack_from("<i", self.data, at)[0]
        at += 4
        for _ in range(count):
            length = struct.unpack_from("<H", self.data, at)[0]
            name = self.data[at + 2 : at + 2 + length].decode()
            kind, _, offset, size = struct.unpack_from("<BIQQ", self.data, at + 2 + length)
            at += 2 + length + 21
            yield name, (kind, offset, size)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every piece that text can contain."""
        return {piece: number for number, piece in enumerate(self.pieces) if number > UNKNOWN}

    def tokenise(self, text: str) -> list[int]:
        """The ids of the likeliest pieces of every word, each word led by U+2581; <s> before and </s> after."""
        words = unicodedata.normalize("NFKC", text).split()
        return [BOS, *(number for word in words for number in self._viterbi("\u2581" + word)), EOS]

    def _viterbi(self, word: str) -> list[int]:
        unknown = min(self.scores) - 10
        best: list[tuple[float, list[int]]] = [(0.0, [])]
        for end in range(1, len(word) + 1):
            options = []
            for start in range(end):
                score, path = best[start]
                piece = self.ids.get(word[start:end])
                if piece is not None:
                    options.append((score + self.scores[piece], [*path, piece]))
                elif end - start == 1:  # neighbouring unknown characters are one <unk>
                    options.append((score + unknown, path if path[-1:] == [UNKNOWN] else [*path, UNKNOWN]))
            best.append(max(options, key=lambda option: option[0]))
        return best[-1][1]

    def floats(self, name: str) -> np.ndarray:
        """A vector of float32."""
        _, offset, size = self.places[name]
        return np.array(struct.unpack_from(f"<{size // 4}f", self.data, offset))

    def matrix(self, name: str, columns: int) -> np.ndarray:
        """A matrix of Q4_0."""
        _, offset, size = self.places[name]
        return q4_0(self.data[offset : offset + size], columns)

    def word_vector(self, token: int) -> np.ndarray:
        """One row of the embedding, decoded weight by weight."""
        row = self.hidden // 32 * 18
        start = self.places["emb.word"][1] + token * row
        return np.array([w for at in range(start, start + row, 18) for w in q4_0_block(self.data[at : at + 18])])

    def vectors(self, token_lists: list[list[int]]) -> list[np.ndarray]:
        """The unit vectors of some token lists: BERT, mean of the last layer, length 1."""
        states = [self._embedded(tokens) for tokens in token_lists]
        for number in range(self.layers):
            layer = self._layer(number)
            states = [self._transformed(state, layer) for state in states]
        means = [state.mean(axis=0) for state in states]
        return [mean / np.sqrt((mean**2).sum()) for mean in means]

    def _embedded(self, tokens: list[int]) -> np.ndarray:
        positions = self.floats("emb.pos").reshape(-1, self.hidden)[: len(tokens)]
        kind = self.floats("emb.type").reshape(-1, self.hidden)[0]
        total = np.array([self.word_vector(token) for token in tokens]) + positions + kind
        return self._normalised(total, self.floats("emb.ln.w"), self.floats("emb.ln.b"))

    def _layer(self, number: int) -> dict[str, np.ndarray]:
        prefix = f"l{number}."
        weights = {name: self.matrix(f"{prefix}{name}.w", self.hidden) for name in ("q", "k", "v", "ao", "fi")}
        weights["fo"] = self.matrix(f"{prefix}fo.w", len(weights["fi"]))
        biases = {f"{name}.b": self.floats(f"{prefix}{name}.b") for name in (*weights, "aln", "oln")}
        return {**weights, **biases, **{f"{name}.w": self.floats(f"{prefix}{name}.w") for name in ("aln", "oln")}}

    def _transformed(self, state: np.ndarray, p: dict[str, np.ndarray]) -> np.ndarray:
        query, key, value = (state @ p[name].T + p[f"{name}.b"] for name in "qkv")
        width = self.hidden // HEADS
        seen = np.empty_like(state)
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            scores = query[:, part] @ key[:, part].T / np.sqrt(width)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            seen[:, part] = weights / weights.sum(axis=1, keepdims=True) @ value[:, part]
        state = self._normalised(state + seen @ p["ao"].T + p["ao.b"], p["aln.w"], p["aln.b"])
        inner = state @ p["fi"].T + p["fi.b"]
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        return self._normalised(state + inner @ p["fo"].T + p["fo.b"], p["oln.w"], p["oln.b"])

    def _normalised(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.eps) * weight + bias
