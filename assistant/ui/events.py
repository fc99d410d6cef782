"""How the page's handlers run: their queues, what their mistakes look like, and how they wait for the models."""

import functools
import html
import time
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.errors import AssistantError
from assistant.question import Lang
from assistant.ui.text import WAITING, WARM_FAILED, explained, say
from models.encoder import printable

# drawing is quick and waits for nobody; grading shares one model, so a few at a time; files take long, so one at a time
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
GRADING: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 4, "api_visibility": "private"}
BATCH: dict[str, Any] = {"concurrency_id": "batch", "concurrency_limit": 1, "api_visibility": "private"}

USUAL_WARM_UP = 20  # seconds, for the progress bar
PROGRESS = gr.Progress()  # as the default of a handler's argument it stands for that call's own progress bar
FOCUS = "() => window.assistant.focus()"  # page.js


def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Show an AssistantError as a sentence; the handler's first argument is the language. Outputs stay as they are."""

    @functools.wraps(handler)
    def guard(lang: Lang, *arguments: Any) -> Any:
        try:
            return handler(lang, *arguments)
        except AssistantError as problem:
            raise complaint(explained(problem, lang), lang) from None

    return guard


def complaint(sentence: str, lang: Lang) -> gr.Error:
    """Return the error that shows one sentence; it may quote what the user sent, and toasts are HTML."""
    return gr.Error(html.escape(printable(sentence), quote=False), duration=12, print_exception=False)


def await_models(engine: Engine, lang: Lang, progress: Callable[..., Any]) -> None:
    """Wait until the models are loaded, showing so; raise the page's error if they cannot be."""
    future, started = engine.warm_up(), time.monotonic()
    while not future.done():
        share = (time.monotonic() - started) / USUAL_WARM_UP
        progress(min(share, 0.95), desc=say(WAITING, lang))
        wait([future], timeout=0.5)
    problem = future.exception()
    if problem is not None:
        raise complaint(say(WARM_FAILED, lang, reason=problem), lang)
