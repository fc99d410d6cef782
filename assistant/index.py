"""The vector index of a bank: rows in a FAISS index, kept beside a manifest that says what they are.

On disk: `manifest.json` and the index file that it names. The manifest is written last and replaced atomically, so a
process killed half-way leaves the old pair in force.
"""

import hashlib
import json
import logging
import os
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np

from assistant.question import Lang, Question
from models.encoder import Encoder, Role, Vectors

log = logging.getLogger(__name__)

Field = Literal["question", "reference"]

EXACT_BELOW = 50_000  # vectors; above it a graph (HNSW, Malkov and Yashunin, arXiv:1603.09320) answers instead
HNSW_NEIGHBOURS = 32
HNSW_EF_CONSTRUCTION = 120
HNSW_EF_SEARCH = 128
FORMAT = 2
# a query is most often another wording of a question: texts of one kind are compared under one prefix
ROLES: dict[Field, Role] = {"question": "query", "reference": "document"}


@dataclass(frozen=True)
class Row:
    """What one vector stands for: a question's text or its reference answer, in one language."""

    question_id: str
    lang: Lang
    field: Field
    digest: str  # of the encoded text


def rows_of(questions: Iterable[Question]) -> tuple[list[Row], list[str]]:
    """Return the rows of the questions and the text that each row's vector encodes."""
    rows: list[Row] = []
    texts: list[str] = []
    languages: tuple[Lang, ...] = ("zh", "en")
    for question in questions:
        for lang in languages:
            asked = getattr(question.question, lang)
            answered = getattr(question.reference, lang)
            if asked:
                rows.append(Row(question.id, lang, "question", _digest(asked)))
                texts.append(asked)
            if answered:
                rows.append(Row(question.id, lang, "reference", _digest(answered)))
                texts.append(answered)
    return rows, texts


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def new_faiss(dimension: int, count: int) -> Any:
    """Return an empty inner-product index: exact below EXACT_BELOW vectors, HNSW above."""
    if count < EXACT_BELOW:
        return faiss.IndexFlatIP(dimension)
    index = faiss.IndexHNSWFlat(dimension, HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = HNSW_EF_CONSTRUCTION
    index.hnsw.efSearch = HNSW_EF_SEARCH
    return index


@dataclass(frozen=True)
class VectorIndex:
    """Rows and their vectors, searchable. `encoded`: how many texts were encoded to make it (the rest were reused)."""

    encoder: str
    bank_hash: str
    rows: tuple[Row, ...]
    faiss: Any
    encoded: int = 0

    def search(self, vector: Vectors, k: int, allowed: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """Return up to k (row number, cosine), best first; `allowed` restricts the rows."""
        count = len(self.rows) if allowed is None else len(allowed)
        k = min(k, count)
        if k < 1:
            return []
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
            graph = isinstance(self.faiss, faiss.IndexHNSW)
            parameters = (
                faiss.SearchParametersHNSW(  # type: ignore[attr-defined]
                    sel=selector, efSearch=max(k, HNSW_EF_SEARCH)
                )
                if graph
                else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            )
        scores, numbers = self.faiss.search(vector.reshape(1, -1), k, params=parameters)
        return [(int(n), float(s)) for n, s in zip(numbers[0], scores[0], strict=True) if n >= 0]

    def vectors(self) -> Vectors:
        """Return all vectors, shape (rows, dimension)."""
        count = self.faiss.ntotal
        return np.asarray(self.faiss.reconstruct_n(0, count), dtype=np.float32).reshape(count, self.faiss.d)


def build(
    questions: Sequence[Question], bank_hash: str, encoder: Encoder, old: VectorIndex | None = None
) -> VectorIndex:
    """Make the index; texts that `old` already holds are not encoded again."""
    rows, texts = rows_of(questions)
    known: dict[tuple[Field, str], Vectors] = {}
    if old is not None and old.encoder == encoder.name:
        known = dict(zip(((row.field, row.digest) for row in old.rows), old.vectors(), strict=True))
    missing = [i for i, row in enumerate(rows) if (row.field, row.digest) not in known]
    for field, role in ROLES.items():
        numbers = [i for i in missing if rows[i].field == field]
        fresh = encoder.encode([texts[i] for i in numbers], role=role)
        known.update(((field, rows[i].digest), vector) for i, vector in zip(numbers, fresh, strict=True))
    index = new_faiss(encoder.dimension, len(rows))
    if rows:
        index.add(np.stack([known[row.field, row.digest] for row in rows]))
    return VectorIndex(encoder.name, bank_hash, tuple(rows), index, encoded=len(missing))


def save(index: VectorIndex, folder: Path) -> None:
    """Write index and manifest; a reader sees the old pair or the new one, never a mixture."""
    folder.mkdir(parents=True, exist_ok=True)
    previous = _manifest(folder)
    data = faiss.serialize_index(index.faiss).tobytes()
    handle, name = tempfile.mkstemp(prefix="vectors-", suffix=".faiss", dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    manifest = {
        "format": FORMAT,
        "encoder": index.encoder,
        "bank": index.bank_hash,
        "dimension": index.faiss.d,
        "file": Path(name).name,
        "bytes": len(data),
        "crc32": zlib.crc32(data),
        "rows": [list(asdict(row).values()) for row in index.rows],
    }
    _replace_text(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False))
    if previous and previous.get("file") != manifest["file"]:
        (folder / Path(str(previous.get("file"))).name).unlink(missing_ok=True)


def _replace_text(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def load(folder: Path, encoder: Encoder) -> VectorIndex | None:
    """Return the stored index, or None, with one logged sentence, where it is missing, damaged or another encoder's."""
    manifest = _manifest(folder)
    if manifest is None:
        log.info("No search index in %s yet; building one.", folder)
        return None
    maker = manifest.get("encoder")
    if maker != encoder.name or manifest.get("format") != FORMAT:
        log.warning("The search index was made by '%s', not '%s'; rebuilding it.", maker, encoder.name)
        return None
    try:
        return _read(folder, manifest, encoder.dimension)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as problem:
        log.warning("The search index in %s is damaged (%s); rebuilding it.", folder, problem)
        return None


def _read(folder: Path, manifest: dict[str, Any], dimension: int) -> VectorIndex:
    data = (folder / Path(manifest["file"]).name).read_bytes()
    if len(data) != manifest["bytes"] or zlib.crc32(data) != manifest["crc32"]:
        raise ValueError("its bytes are not those it was saved with")
    stored = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
    rows = tuple(Row(*row) for row in manifest["rows"])
    if stored.ntotal != len(rows) or stored.d != dimension:
        raise ValueError(f"it holds {stored.ntotal} vectors of {stored.d}, the manifest says {len(rows)} rows")
    return VectorIndex(manifest["encoder"], str(manifest.get("bank")), rows, stored)


def open_index(questions: Sequence[Question], bank_hash: str, encoder: Encoder, folder: Path | None) -> VectorIndex:
    """Load, bring up to date and store the index; folder None keeps it in memory."""
    old = load(folder, encoder) if folder is not None else None
    # the rows too: a bank's hash does not depend on the order of its questions, the rows' numbers do
    if old is not None and old.bank_hash == bank_hash and old.rows == tuple(rows_of(questions)[0]):
        return old
    index = build(questions, bank_hash, encoder, old)
    if folder is not None:
        try:
            save(index, folder)
        except OSError as problem:  # a read-only or full disk costs the next start some seconds, nothing else
            log.warning("The search index could not be stored in %s (%s); it will be built again.", folder, problem)
    return index
