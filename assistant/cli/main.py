"""The verbs put together, and the one place where errors become a sentence and an exit code."""

import os
import sqlite3
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from assistant.cli import bank, batch, doctor, mock, scoring, serve
from assistant.cli.output import DONE, INTERRUPTED, PROBLEMS, USAGE, note, prepare_streams, silence_libraries
from assistant.errors import AssistantError, InputError
from models.e5 import WeightsError

app = typer.Typer(
    name="assistant",
    help="Practise AI / LLM interviews: questions, grades and reports, in Chinese and English. No key, no network.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serve.serve)
app.command()(scoring.search)
app.command()(scoring.score)
app.command()(mock.mock)
app.command()(batch.batch)
app.add_typer(bank.app, name="bank")
app.command()(doctor.doctor)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code, every error having been told in a sentence on stderr."""
    prepare_streams()
    silence_libraries()
    try:
        code = app(list(arguments), prog_name="python -m assistant", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone, `| head` say; nothing more can be written, at exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEMS
    except Exception as problem:
        if os.environ.get("ASSISTANT_DEBUG"):
            raise
        note(explain(problem))
        code = USAGE if isinstance(problem, TyperException | InputError) else PROBLEMS
    if code == INTERRUPTED:
        note("Stopped.")
    return int(code or DONE)


def explain(problem: BaseException) -> str:
    """Return the sentence for an error."""
    match problem:
        case TyperException():
            return _usage(problem)
        case AssistantError() | WeightsError():
            return str(problem)
        case typer.Abort() | EOFError():
            return "The input ended too early; nothing was done."
        case sqlite3.Error():
            return f"The history cannot be used ({problem}); set ASSISTANT_DATA to another folder, or move it away."
        case OSError():
            where = f" ('{problem.filename}')" if problem.filename else ""
            return f"{problem.strerror or problem}{where}; check the path, its permissions and the disk."
        case _:
            what = f"{type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
            return f"The program failed inside ({what}); set ASSISTANT_DEBUG=1 to see where, and please report it."


def _usage(problem: TyperException) -> str:
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "python -m assistant"
    said = problem.format_message().strip().rstrip(".")
    return f"{said}; see {command} --help." if said else f"See {command} --help."
