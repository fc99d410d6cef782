"""Settings, read once from the environment and then passed on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import InputError

LANGUAGES = ("zh", "en")
DEVICES = ("auto", "cpu", "cuda", "mps")
BUILT_IN_BANK = Path(__file__).resolve().parent.parent / "question_bank" / "questions"


@dataclass(frozen=True)
class Settings:
    """What the environment asked for.

    data: folder for the history, the index and the converted encoder; made when first written to.
    encoder: "embedded", or a sentence-transformers id or folder.
    lang: "zh", "en", or None to follow the browser.
    banks: extra folders of topic files beside the built-in bank.
    device: "auto", "cpu", "cuda" or "mps".
    """

    data: Path
    encoder: str = "embedded"
    lang: str | None = None
    banks: tuple[Path, ...] = ()
    device: str = "auto"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the ASSISTANT_* variables; raise InputError for a value that cannot be used."""
        env = os.environ if environment is None else environment
        lang = env.get("ASSISTANT_LANG") or None
        if lang is not None and lang not in LANGUAGES:
            raise InputError(f"ASSISTANT_LANG is '{lang}'; use zh or en, or leave it out to follow the browser.")
        device = env.get("ASSISTANT_DEVICE") or "auto"
        if device not in DEVICES:
            raise InputError(f"ASSISTANT_DEVICE is '{device}'; use {', '.join(DEVICES)}.")
        banks = tuple(Path(part) for part in env.get("ASSISTANT_BANKS", "").split(os.pathsep) if part)
        for folder in banks:
            if not folder.is_dir():
                raise InputError(
                    f"ASSISTANT_BANKS names '{folder}', which is not a folder; give folders of .yaml files."
                )
        return cls(
            data=Path(env.get("ASSISTANT_DATA") or Path.home() / ".interview-assistant"),
            encoder=env.get("ASSISTANT_ENCODER") or "embedded",
            lang=lang,
            banks=banks,
            device=device,
        )
