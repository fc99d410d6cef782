"""A web page as a process of its own, timed from its start; shared by the benchmarks of the running app."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ("app.py",)
EVERY = 0.02  # seconds between two looks
LONGEST = 180  # seconds to wait for a page


@dataclass(frozen=True)
class RunningPage:
    """A page that answers. started: time.monotonic() of the process's start; first_page: seconds until HTTP 200."""

    process: int
    address: str
    started: float
    first_page: float


@contextmanager
def running_page(program: tuple[str, ...]) -> Iterator[RunningPage]:
    """Run `python PROGRAM` on a free port, once it answers; raise RuntimeError, with its output, if it does not."""
    port = _free_port()
    variables = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *program], cwd=ROOT, env={**os.environ, **variables}, stdout=output, stderr=output
        )
        try:
            while not _answers(port):
                if process.poll() is not None or time.monotonic() - started > LONGEST:
                    output.seek(0)
                    raise RuntimeError(f"{program} did not answer:\n{output.read().decode(errors='replace')[-2000:]}")
                time.sleep(EVERY)
            took = time.monotonic() - started
            yield RunningPage(process.pid, f"http://127.0.0.1:{port}", started, took)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            process.kill()  # does nothing to a process that has ended
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
