"""The command line over the tiny encoder, as a program: `python -m tests.tiny_cli VERB ...`."""

from functools import partial

import assistant.engine
from assistant.bank import Bank
from assistant.cli.main import main
from assistant.engine import Engine, Models
from assistant.grading import BaselineGrader
from assistant.search import Search
from assistant.settings import Settings
from tests.tiny import TinyEncoder


def load(settings: Settings, bank: Bank) -> Models:
    """The real search and grader over the tiny encoder."""
    encoder = TinyEncoder()
    return Models(encoder, Search.open(bank, encoder), BaselineGrader(encoder, bank))


if __name__ == "__main__":
    assistant.engine.Engine = partial(Engine, load=load)  # type: ignore[assignment,misc]
    main()
