"""A random BERT of the embedded encoder's form, so small that it is written in a moment."""

import numpy as np

from models import e5


def tiny_parsed() -> e5.Parsed:
    """Random weights, and a vocabulary of letters."""
    shape = e5.Shape(hidden=32, layers=1, heads=4, feed_forward=64, vocabulary=40, positions=64, token_types=2)
    rng = np.random.default_rng(0)
    sizes = {"emb.word": (40, 32), "emb.pos": (64, 32), "emb.type": (2, 32), "emb.ln.w": (32,), "emb.ln.b": (32,)}
    for part in ("q", "k", "v", "ao", "fo", "fi", "aln", "oln"):
        rows, columns = (64 if part == "fi" else 32), (64 if part == "fo" else 32)
        sizes[f"l0.{part}.w"] = (32,) if part in ("aln", "oln") else (rows, columns)
        sizes[f"l0.{part}.b"] = (rows,)
    parameters = {e5._bert_name(name): rng.normal(0, 0.3, size).astype(np.float32) for name, size in sizes.items()}
    letters = [("\u2581" + letter, -2.0) for letter in "abcdefgh"] + [
        (letter, -3.0) for letter in "abcdefghijklmnopqrst"
    ]
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *letters]
    return e5.Parsed(shape, 1e-12, pieces, parameters)
