"""Which questions are wanted."""

from dataclasses import dataclass

from assistant.question import Lang


@dataclass(frozen=True)
class Filter:
    """Which questions may be found; empty lets everything through, difficulty is inclusive."""

    topics: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    difficulty: tuple[int, int] = (1, 5)
    lang: Lang | None = None
