"""The verb serve."""

import contextlib
import sys
from typing import Annotated

import typer

from assistant.cli.output import JsonOption, print_json
from assistant.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; the first free one from 7860 if none.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the web app until interrupted."""
    settings = Settings.from_environment()
    if not as_json:
        from assistant.ui.app import launch

        launch(settings, host, port)
        return
    from assistant.engine import Engine
    from assistant.ui import app as page

    engine = Engine(settings)
    with contextlib.redirect_stdout(sys.stderr):  # Gradio prints its greeting to stdout
        blocks = page.build_app(engine)
        page.serve(blocks, host, port)
    print_json({"url": blocks.local_url})
    sys.stdout.flush()
    engine.warm_up(index=True)
    with contextlib.redirect_stdout(sys.stderr):
        blocks.block_thread()
