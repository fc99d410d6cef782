"""The verb doctor."""

from typing import Any

from assistant.cli.output import DONE, PROBLEMS, JsonOption, console, print_json, shown, waiting
from assistant.settings import Settings


def doctor(as_json: JsonOption = False) -> int:
    """Say what this machine has: encoder, index, device, data folder, sandbox; each problem with its remedy."""
    from assistant.doctor import examine

    with waiting("Looking at this machine…"):
        found = examine(Settings.from_environment())
    if as_json:
        print_json(found)
    else:
        _show(found)
    return PROBLEMS if found["problems"] else DONE


def _show(found: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for part, value in found.items():
        if part != "problems":
            said = "; ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
            table.add_row(part, shown(said))
    out = console()
    out.print(table)
    for problem in found["problems"]:
        out.print(f"! {problem['part']}: {shown(problem['problem'])}. {problem['remedy']}")
    if not found["problems"]:
        out.print("No problems found.")
