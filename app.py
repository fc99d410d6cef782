"""The web app: `python app.py`, here or on a Hugging Face Space."""

import logging
import os
import sys

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # nothing leaves this machine; set before gradio is imported


def main() -> int:
    """Read the settings and serve the page; return the exit code."""
    from assistant.errors import AssistantError
    from assistant.settings import Settings
    from assistant.ui.app import launch

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("httpx", "bm25s", "sentence_transformers"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        launch(Settings.from_environment())
    except AssistantError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
