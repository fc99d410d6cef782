"""Resident memory of the running app: at first page, with the models loaded, after 100 graded answers, at its peak.

    python -m benchmarks.memory [--answers 100]

Linux only (/proc). The app's own process; shared pages of mapped files count, as in top's RES.
"""

import argparse
import json
from itertools import cycle, islice
from pathlib import Path

from gradio_client import Client

from benchmarks.grading import ANSWERS, written_answers
from benchmarks.running import APP, running_page


def resident(process: int) -> dict[str, float]:
    """Return {"now", "peak"} of a process in MiB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    kib = {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines) if name.startswith("Vm")}
    return {"now": kib["VmRSS"] / 1024, "peak": kib["VmHWM"] / 1024}


def measure(count: int) -> dict[str, float]:
    """Run the app and grade `count` hand-written answers through its API; return MiB by stage."""
    files = sorted(ANSWERS.glob("*.yaml"))
    written = list(islice(cycle(item for file in files for item in written_answers(file)), count))
    with running_page(APP) as page:
        stages = {"first_page": resident(page.process)["now"]}
        client = Client(page.address, verbose=False)
        client.predict("attention", api_name="/search")  # waits for the models
        stages["models_ready"] = resident(page.process)["now"]
        for item in written:
            client.predict(question_id=item.question, answer=item.answer, api_name="/score")
        after = resident(page.process)
        return {**stages, "after_answers": after["now"], "peak": after["peak"]}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100)
    count = parser.parse_args().answers
    stages = measure(count)
    for stage, mib in stages.items():
        print(f"{stage:14} {mib:8.0f} MiB")
    print(json.dumps({"benchmark": "memory", "answers": count, **{f"{k}_mib": round(v) for k, v in stages.items()}}))


if __name__ == "__main__":
    main()
