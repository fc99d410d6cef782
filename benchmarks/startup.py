"""Seconds from process start to first page, against a bare Gradio page; and until the models answer.

    python -m benchmarks.startup [--runs 5]

The two start in turn, each `--runs` times after one start that is not counted (it converts the encoder and builds the
index where these are missing). Target: at most 1.3 times the bare page.
"""

import argparse
import json
import time
from statistics import median

from gradio_client import Client

from benchmarks.running import APP, running_page

TARGET = 1.3
BARE = "import gradio as gr\nwith gr.Blocks() as page:\n    gr.Markdown('Hello')\npage.launch()\n"


def bare_start() -> float:
    """Start the bare page; return the seconds to its first page."""
    with running_page(("-c", BARE)) as page:
        return page.first_page


def app_start() -> tuple[float, float]:
    """Start the app; return the seconds to its first page, and to its first answer to a search: models ready."""
    with running_page(APP) as page:
        Client(page.address, verbose=False).predict("attention", api_name="/search")
        return page.first_page, time.monotonic() - page.started


def measure(runs: int) -> dict[str, object]:
    """Start both in turn, and print each start."""
    app_start(), bare_start()
    print(f"{'run':>3} {'app':>7} {'bare':>7} {'ready':>7}  seconds")
    pages, bares, readies = [], [], []
    for number in range(1, runs + 1):
        page, ready = app_start()
        bare = bare_start()
        print(f"{number:3} {page:7.2f} {bare:7.2f} {ready:7.2f}")
        pages.append(page)
        bares.append(bare)
        readies.append(ready)
    return {
        "benchmark": "startup",
        "runs": runs,
        "app_s": round(median(pages), 3),
        "bare_s": round(median(bares), 3),
        "ratio": round(median(pages) / median(bares), 3),
        "target_at_most": TARGET,
        "models_ready_s": round(median(readies), 2),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    print(json.dumps(measure(parser.parse_args().runs)))


if __name__ == "__main__":
    main()
