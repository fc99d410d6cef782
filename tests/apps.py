"""The app as a process of its own: as a user starts it, or over the tiny encoder."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


AS_A_USER = ("app.py",)
TINY = ("-m", "tests.tiny_app")


@contextmanager
def app_process(data: Path, program: tuple[str, ...] = AS_A_USER, **environment: str) -> Iterator[str]:
    """Run the app on a free port with its data in `data`; yields the address once the page answers."""
    log = data / "app.log"
    variables = {"ASSISTANT_DATA": str(data), "GRADIO_TEMP_DIR": str(data / "gradio"), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=ROOT,
            env={**os.environ, **variables, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Read the address that the app prints; it chooses a free port by itself."""
    for _ in range(1200):
        found = re.search(r"http://[\d.]+:\d+", log.read_text())
        if found and httpx.get(found[0]).is_success:
            return found[0]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"The app did not start:\n{log.read_text()}")
