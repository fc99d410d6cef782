"""The command line over the tiny encoder, as a program: `python -m tests.tiny_cli VERB ...`."""

import contextlib
import io
import json
import sys
from functools import partial

import assistant.engine
from assistant.bank import Bank
from assistant.baseline import BaselineGrader
from assistant.cli.main import main, run
from assistant.engine import Engine, Models
from assistant.settings import Settings
from tests.tiny import TinyEncoder


def load(settings: Settings, bank: Bank) -> Models:
    """The real search and grader over the tiny encoder."""
    encoder = TinyEncoder()
    return Models(encoder, BaselineGrader(encoder, bank))


def run_many() -> None:
    """Run the command lines that stdin lists as JSON; print the code, stdout and stderr of each as JSON."""
    results = []
    for arguments in json.load(sys.stdin):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(arguments)
        results.append([code, out.getvalue(), err.getvalue()])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    assistant.engine.Engine = partial(Engine, load=load)  # type: ignore[assignment,misc]
    run_many() if sys.argv[1:] == ["--many"] else main()
