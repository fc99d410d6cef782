"""The app, assembled: the frame with its language switch and warm-up banner, the tabs, the API; and its launch."""

from typing import Any

import gradio as gr

from assistant.engine import Engine
from assistant.markup import escape
from assistant.question import Lang
from assistant.session import known_user, new_user
from assistant.settings import Settings
from assistant.ui import text
from assistant.ui.api import add_endpoints
from assistant.ui.bank import create_bank_tab
from assistant.ui.batch import create_batch_tab
from assistant.ui.events import QUICK
from assistant.ui.interview import create_interview_tab
from assistant.ui.language import LANGUAGE_NAMES, InLang, Page, preferred_lang
from assistant.ui.practice import create_practice_tab
from assistant.ui.progress import create_progress_tab
from assistant.ui.text import say
from assistant.ui.theme import css, head, theme

# what a browser keeps is its own random id and its language; the fixed keys let both outlive a restart of the server
_USER = {"storage_key": "assistant-user", "secret": "assistant"}
_CHOSEN = {"storage_key": "assistant-lang", "secret": "assistant"}
_ARRIVE = "(user, chosen, zone) => [user, chosen, Intl.DateTimeFormat().resolvedOptions().timeZone || '']"
MAX_UPLOAD = "64mb"  # a little above what a table may have (50 MB), so that its own sentence is seen
WAITING_AT_MOST = 100  # events in the queue before the next is turned away


def build_app(engine: Engine) -> gr.Blocks:
    """Return the page over an engine; nothing is loaded for it but the bank."""
    first: Lang = preferred_lang("", engine.settings.lang)
    with gr.Blocks(title=text.TITLE.in_lang(first), analytics_enabled=False, delete_cache=(3600, 86400)) as app:
        add_endpoints(engine)  # first, since handlers with their names would take them, private ones too
        chosen = gr.BrowserState(None, **_CHOSEN)
        page = _frame(first)
        banner = gr.HTML(visible=False, elem_id="banner")
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:
            create_interview_tab(page, engine)
            practice = create_practice_tab(page, engine)
            create_batch_tab(page, engine)
            create_bank_tab(page, engine, practice, tabs)
            create_progress_tab(page, engine)
        page.make(gr.HTML, value=InLang(_footer), elem_id="foot")
        arrived = _connect_language(app, page, chosen, engine)
        _connect_banner(arrived, page, banner, engine)
    return app.queue(max_size=WAITING_AT_MOST, default_concurrency_limit=8)


def _frame(first: Lang) -> Page:
    user = gr.BrowserState(None, **_USER)
    zone = gr.Textbox(visible=False)
    lang = gr.Radio(
        LANGUAGE_NAMES,
        value=first,
        label="语言 / Language",
        show_label=False,
        container=False,
        interactive=False,
        elem_id="language",
        render=False,
    )
    page = Page(first, lang, user, zone)
    with gr.Row(elem_id="top"):
        page.make(gr.HTML, value=InLang(_title), elem_id="title")
        lang.render()
    return page


def _title(lang: Lang) -> str:
    return f"<h1>{say(text.TITLE, lang)}</h1><p>{say(text.TAGLINE, lang)}</p>"


def _footer(lang: Lang) -> str:
    link = f'<a href="?view=api">{say(text.FOOTER_API, lang)}</a>'
    return f"<style>:root {{ {_borrowed_words(lang)} }}</style>{say(text.FOOTER, lang)} {link}"


def _borrowed_words(lang: Lang) -> str:
    """Words for places that Gradio fills with its own, in the browser's language or English; style.css shows them."""
    words = {"drop-here": text.DROP_HERE, "error": text.ERROR, "note": text.NOTE}
    return " ".join(f"--{name}: '{say(word, lang)}';" for name, word in words.items())


def _connect_language(app: gr.Blocks, page: Page, chosen: Any, engine: Engine) -> Any:
    """Let every word follow the switch, and greet a browser in its language; return the event of its arrival."""

    def arrive(claimed: object, earlier: object, zone: str, request: gr.Request) -> list[Any]:
        lang = preferred_lang(request.headers.get("accept-language", ""), engine.settings.lang, earlier)
        return [known_user(claimed) or new_user(), lang, zone, *page.updates(lang)]

    def switch(lang: Lang) -> list[Any]:
        return [lang, *page.updates(lang)]

    arrived = app.load(
        arrive, [page.user, chosen, page.zone], [page.user, page.lang, page.zone, *page.components], js=_ARRIVE, **QUICK
    )
    drawn = arrived
    for drawing in page.on_open:
        drawn = drawn.then(drawing.draw, drawing.inputs, drawing.outputs, **QUICK)
    # a switch before the page is drawn could be overtaken by that drawing, in the first language
    drawn.then(lambda: gr.update(interactive=True), None, page.lang, **QUICK)
    switched = page.lang.input(switch, [page.lang], [chosen, *page.components], **QUICK)
    for drawing in page.on_language:
        switched.then(drawing.draw, drawing.inputs, drawing.outputs, **QUICK)
    page.lang.change(None, [page.lang], js="(lang) => window.assistant.language(lang)", api_visibility="private")
    return arrived


def _connect_banner(arrived: Any, page: Page, banner: Any, engine: Engine) -> None:
    """Say that the models are loading, ask every second whether they still are, and stop asking when they are not."""
    timer = gr.Timer(1, active=False)

    def look(lang: Lang) -> list[Any]:
        return [_banner(engine, lang), gr.Timer(active=not engine.ready)]

    arrived.then(look, [page.lang], [banner, timer], **QUICK)
    timer.tick(look, [page.lang], [banner, timer], **QUICK)
    page.redraw(look, [], [banner, timer])


def _banner(engine: Engine, lang: Lang) -> Any:
    if not engine.ready:
        return gr.update(visible=True, value=f'<p class="warming" role="status">{say(text.WARMING, lang)}</p>')
    problem = engine.warm_up().exception()
    if problem is None:
        return gr.update(visible=False, value="")
    failed = escape(say(text.WARM_FAILED, lang, reason=problem))
    return gr.update(visible=True, value=f'<p class="warming failed" role="alert">{failed}</p>')


def serve(app: gr.Blocks, host: str | None = None, port: int | None = None) -> None:
    """Start serving the page in threads of its own and return. host, port: else GRADIO_SERVER_NAME and _PORT."""
    app.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        theme=theme(),
        css=css(),
        head=head(),
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        max_file_size=MAX_UPLOAD,
        ssr_mode=False,
    )


def launch(settings: Settings, host: str | None = None, port: int | None = None) -> None:
    """Serve the page until interrupted; the models load as soon as it answers."""
    engine = Engine(settings)
    app = build_app(engine)
    serve(app, host, port)
    engine.warm_up(index=True)
    app.block_thread()
