"""Everything a front end needs, put together once: bank, history, and, loaded behind the page, the models."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.bank import Bank, load_bank
from assistant.grade import Grader
from assistant.history import History
from assistant.settings import Settings
from models.encoder import Encoder

if TYPE_CHECKING:
    from assistant.search import Search

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Models:
    """What grading needs. note: one sentence if the encoder is not the one asked for."""

    encoder: Encoder
    grader: Grader
    note: str = ""


def load_models(settings: Settings, bank: Bank) -> Models:
    """Load the encoder and make the grader."""
    from assistant.baseline import BaselineGrader
    from models.encoder import load_encoder

    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    return Models(encoder, BaselineGrader(encoder, bank), encoder.note)


class Engine:
    """The assistant as front ends see it. `models` waits until they are loaded; `warm_up` loads them behind."""

    def __init__(self, settings: Settings, load: Callable[[Settings, Bank], Models] = load_models) -> None:
        self.settings = settings
        self.bank = load_bank(settings.banks)
        self._load = load
        self._loading = threading.Lock()
        self._indexing = threading.Lock()
        self._search: Search | None = None
        self._future: Future[Models] | None = None

    @cached_property
    def history(self) -> History:
        """The store of attempts, opened at its first use."""
        return History(self.settings.data / "history.sqlite3")

    def warm_up(self, index: bool = False) -> "Future[Models]":
        """Start loading in a thread, once; the future holds the models or the error.

        index: open the search behind them too, as an app does; a command that only grades need not wait for it.
        """
        with self._loading:
            if self._future is None:
                self._future = Future()
                threading.Thread(target=self._run, args=(self._future, index), name="warm-up", daemon=True).start()
            return self._future

    @property
    def search(self) -> "Search":
        """The search over the bank, its index brought up to date at the first use; raises what loading raised."""
        from assistant.search import Search  # the page need not wait for what searching imports

        encoder = self.models.encoder
        with self._indexing:
            if self._search is None:
                self._search = Search.open(self.bank, encoder, self.settings.data / "index")
            return self._search

    def _run(self, future: "Future[Models]", index: bool) -> None:
        started = time.monotonic()
        try:
            models = self._load(self.settings, self.bank)
        except BaseException as problem:  # whoever waits for the models gets the error
            log.error("The models could not be loaded: %s", problem)  # noqa: TRY400 - whoever waits raises it
            future.set_exception(problem)
        else:
            log.info("Models ready after %.1f s.", time.monotonic() - started)
            future.set_result(models)
            if index:
                _ = self.search
                log.info("Search ready after %.1f s.", time.monotonic() - started)

    @property
    def ready(self) -> bool:
        """Whether the models are loaded (or have failed to)."""
        return self._future is not None and self._future.done()

    @property
    def models(self) -> Models:
        """The models, waited for if need be; raises what loading raised."""
        return self.warm_up().result()
