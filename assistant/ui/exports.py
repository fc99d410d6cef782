"""Files made for download: each in a folder of its own, swept away an hour later (Gradio serves its own copy)."""

import shutil
import tempfile
import time
from pathlib import Path

KEPT = 3600  # seconds
_ROOT = tempfile.TemporaryDirectory(prefix="assistant-exports-")


def new_file(name: str) -> Path:
    """Return a path with this name in a fresh folder; only the last part of `name` counts."""
    _sweep()
    return Path(tempfile.mkdtemp(dir=_ROOT.name)) / (Path(name).name or "file")


def _sweep() -> None:
    for folder in Path(_ROOT.name).iterdir():
        try:
            old = time.time() - folder.stat().st_mtime > KEPT
        except OSError:  # another thread was quicker
            continue
        if old:
            shutil.rmtree(folder, ignore_errors=True)
