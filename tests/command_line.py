"""Running the command line as a process, for the tests that look at what comes out."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REAL, TINY = "assistant", "tests.tiny_cli"
QUESTION = "rag-chunk-size"
Run = subprocess.CompletedProcess[bytes]


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    return {**kept, "ASSISTANT_DATA": str(data), "PYTHONUTF8": "1", **more}


def call(data: Path, *arguments: str | bytes, program: str = TINY, stdin: bytes = b"", **more: str) -> Run:
    """Run a command line; whatever it does, it shows no traceback."""
    command = [sys.executable, "-m", program, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(data, **more), input=stdin, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr + done.stdout, done.stderr.decode()
    return done


def json_of(done: Run) -> Any:
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def sentence_of(done: Run) -> str:
    """The one sentence of a run that was refused."""
    assert done.returncode == 2
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    return line


def hears_interruptions() -> None:
    """Undo what a shell does to programs that it starts in the background: they ignore Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
