"""A tiny encoder for tests: hashed terms, so that texts which share words are near. The seam, never the subject."""

import zlib
from collections.abc import Sequence

import numpy as np

from assistant.text import search_terms
from models.encoder import Role, Vectors


class TinyEncoder:
    """Counts of hashed terms, normalised. `encoded` remembers every text it was given."""

    name = "tiny"
    dimension = 256

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        self.encoded += texts
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(out, texts, strict=True):
            row[0] = 0.1
            for term in search_terms(text):
                row[1 + zlib.crc32(term.encode("utf-8", "replace")) % (self.dimension - 1)] += 1
        return out / np.linalg.norm(out, axis=1, keepdims=True)
