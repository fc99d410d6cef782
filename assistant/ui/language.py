"""The page's two languages: which words each component shows, and the switch between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from assistant.question import Bilingual, Lang

LANGUAGE_NAMES = [("中文", "zh"), ("English", "en")]
Handler = Callable[..., Any]


@dataclass(frozen=True)
class InLang:
    """A property that is made anew for each language, such as the choices of a dropdown."""

    make: Callable[[Lang], Any]


def in_lang(value: Bilingual | InLang, lang: Lang) -> Any:
    """Return the property as it is in one language."""
    return value.make(lang) if isinstance(value, InLang) else value.in_lang(lang)


class Drawing(NamedTuple):
    """What fills components: draw(lang, *inputs) -> outputs."""

    draw: Handler
    inputs: list[Any]
    outputs: list[Any]


class Page:
    """Makes components, remembers their words in both languages, and what to redraw when the language changes.

    first: the language in which it is drawn before the browser's is known. lang: the radio with the user's choice.
    user: the browser's id, worth nothing but its own rows. zone: the browser's time zone by name.
    """

    def __init__(self, first: Lang, lang: Any, user: Any, zone: Any) -> None:
        self.first, self.lang, self.user, self.zone = first, lang, user, zone
        self._words: dict[Any, dict[str, Bilingual | InLang]] = {}
        self.on_language: list[Drawing] = []
        self.on_open: list[Drawing] = []

    def make(self, kind: Callable[..., Any], *args: Any, **properties: Any) -> Any:
        """Make a component; properties given as Bilingual or InLang follow the language from then on."""
        words = {name: value for name, value in properties.items() if isinstance(value, Bilingual | InLang)}
        shown = {name: in_lang(value, self.first) for name, value in words.items()}
        component = kind(*args, **{**properties, **shown})
        self._words[component] = words
        return component

    def redraw(self, draw: Handler, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Draw `outputs` anew whenever the language changes."""
        self.on_language.append(Drawing(draw, [self.lang, *inputs], list(outputs)))

    def open(self, draw: Handler, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Draw `outputs` when the page is loaded."""
        self.on_open.append(Drawing(draw, [self.lang, *inputs], list(outputs)))

    @property
    def components(self) -> list[Any]:
        """The components whose words follow the language."""
        return list(self._words)

    def updates(self, lang: Lang) -> list[Any]:
        """Return one update for each of `components`."""
        return [
            gr.update(**{name: in_lang(value, lang) for name, value in words.items()}) for words in self._words.values()
        ]


def preferred_lang(header: str, forced: str | None = None, chosen: object = None) -> Lang:
    """Return the page's language: the user's earlier choice, else ASSISTANT_LANG, else the Accept-Language header's.

    The header's order counts, not its q values: browsers send them in falling order.
    """
    for wish in (chosen, forced):
        if wish in ("zh", "en"):
            return "zh" if wish == "zh" else "en"
    for entry in header.lower().split(","):
        tag = entry.strip()
        if tag.startswith(("zh", "en")):
            return "zh" if tag.startswith("zh") else "en"
    return "en"
