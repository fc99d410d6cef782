"""How verbs print: JSON or readable text to stdout, notes and progress to stderr; and how they load the engine."""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TextIO, get_args

import typer
from rich.console import Console

from assistant.errors import InputError
from assistant.question import Lang
from assistant.settings import Settings
from assistant.text import clean

if TYPE_CHECKING:
    from assistant.bank import Bank
    from assistant.engine import Engine, Models

# exit codes: done; the work found problems; wrong usage or input; Ctrl+C, as shells know it
DONE, PROBLEMS, USAGE, INTERRUPTED = 0, 1, 2, 130

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to stdout, and nothing else there.")]


def prepare_streams() -> None:
    """Make stdout and stderr take every text: UTF-8, with what has no UTF-8 escaped (as JSON would escape it)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")


def silence_libraries() -> None:
    """Keep progress bars, banners and warnings of libraries off the terminal; our own warnings stay, one line each."""
    for name in ("HF_HUB_DISABLE_PROGRESS_BARS", "TRANSFORMERS_NO_ADVISORY_WARNINGS", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    warnings.simplefilter("ignore")
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger().handlers[0].addFilter(_speaks_to_the_user)
    logging.getLogger("assistant.engine").setLevel(logging.CRITICAL)  # what it logs is raised too, and printed then


def _speaks_to_the_user(record: logging.LogRecord) -> bool:
    ours = record.name.split(".")[0] in ("assistant", "models")
    return record.levelno >= (logging.WARNING if ours else logging.ERROR)


def print_json(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def console(stream: TextIO | None = None) -> Console:
    """Return a console that takes texts as they are (no markup, no emoji codes), on stdout unless told."""
    return Console(file=stream or sys.stdout, markup=False, emoji=False, highlight=False)


def shown(text: str) -> str:
    """Return text that is safe on a terminal: control characters, which could move the cursor, become spaces."""
    return clean(text)


def note(text: str) -> None:
    """Print one line to stderr."""
    sys.stderr.write(shown(text) + "\n")


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show on stderr, where that is a terminal, that something takes a while."""
    if not sys.stderr.isatty():
        yield
        return
    with console(sys.stderr).status(what):
        yield


def open_engine() -> "Engine":
    """Return the engine of the environment's settings; its models load when they are first asked for."""
    from assistant.engine import Engine

    return Engine(Settings.from_environment())


def loaded(engine: "Engine") -> "Models":
    """Return the engine's models, waiting for them."""
    with waiting("Loading the model…"):
        return engine.models


def chosen_lang(given: str | None, settings: Settings) -> Lang:
    """Return the language asked for, else ASSISTANT_LANG's, else the locale's, else English."""
    if given is not None and given not in get_args(Lang):
        raise InputError(f"The language is '{given[:20]}'; use zh or en.")
    spoken = given or settings.lang or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "zh" if spoken.lower().startswith("zh") else "en"


def check_topic(topic: str | None, bank: "Bank") -> tuple[str, ...]:
    """Return the topic as a filter; raise InputError for one that the bank does not have."""
    if topic is None:
        return ()
    topics = sorted(bank.stats()["topics"])
    if topic not in topics:
        raise InputError(f"No topic is named '{topic[:80]}'; use one of {', '.join(topics)}.")
    return (topic,)
