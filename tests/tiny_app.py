"""The page over the tiny encoder, as a program: `python -m tests.tiny_app`; ASSISTANT_GATE: a file to wait for."""

import os
import time
from pathlib import Path

from assistant.bank import Bank
from assistant.baseline import BaselineGrader
from assistant.engine import Engine, Models
from assistant.settings import Settings
from assistant.ui.app import build_app, serve
from tests.tiny import TinyEncoder


def load(settings: Settings, bank: Bank) -> Models:
    """The real search and grader over the tiny encoder, once the gate is open."""
    gate = os.environ.get("ASSISTANT_GATE")
    while gate and not Path(gate).exists():
        time.sleep(0.05)
    encoder = TinyEncoder()
    return Models(encoder, BaselineGrader(encoder, bank))


def main() -> None:
    """Serve until terminated."""
    engine = Engine(Settings.from_environment(), load)
    app = build_app(engine)
    serve(app)
    engine.warm_up(index=True)
    app.block_thread()


if __name__ == "__main__":
    main()
