"""Everything a front end needs, put together once: bank, history, and, loaded behind the page, the models."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property

from assistant.bank import Bank, load_bank
from assistant.grade import Grader
from assistant.history import History
from assistant.search import Search
from assistant.settings import Settings
from models.encoder import Encoder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Models:
    """What takes seconds to load. note: one sentence if the encoder is not the one asked for."""

    encoder: Encoder
    search: Search
    grader: Grader
    note: str = ""


def load_models(settings: Settings, bank: Bank) -> Models:
    """Load the encoder, open the index (encoding what is new) and make the grader."""
    from assistant.grading import BaselineGrader
    from models.encoder import load_encoder

    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    search = Search.open(bank, encoder, settings.data / "index")
    return Models(encoder, search, BaselineGrader(encoder, bank), encoder.note)


class Engine:
    """The assistant as front ends see it. `models` waits until they are loaded; `warm_up` loads them behind."""

    def __init__(self, settings: Settings, load: Callable[[Settings, Bank], Models] = load_models) -> None:
        self.settings = settings
        self.bank = load_bank(settings.banks)
        self._load = load
        self._loading = threading.Lock()
        self._future: Future[Models] | None = None

    @cached_property
    def history(self) -> History:
        """The store of attempts, opened at its first use."""
        return History(self.settings.data / "history.sqlite3")

    def warm_up(self) -> "Future[Models]":
        """Start loading in a thread, once; the future holds the models or the error."""
        with self._loading:
            if self._future is None:
                self._future = Future()
                threading.Thread(target=self._run, args=(self._future,), name="warm-up", daemon=True).start()
            return self._future

    def _run(self, future: "Future[Models]") -> None:
        started = time.monotonic()
        try:
            models = self._load(self.settings, self.bank)
        except BaseException as problem:  # whoever waits for the models gets the error
            log.error("The models could not be loaded: %s", problem)  # noqa: TRY400 - whoever waits raises it
            future.set_exception(problem)
        else:
            log.info("Models ready after %.1f s.", time.monotonic() - started)
            future.set_result(models)

    @property
    def ready(self) -> bool:
        """Whether the models are loaded (or have failed to)."""
        return self._future is not None and self._future.done()

    @property
    def models(self) -> Models:
        """The models, waited for if need be; raises what loading raised."""
        return self.warm_up().result()
