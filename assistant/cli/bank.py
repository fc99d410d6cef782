"""The verbs bank validate and bank stats."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.output import DONE, PROBLEMS, JsonOption, console, print_json, shown, waiting
from assistant.settings import BUILT_IN_BANK, Settings

if TYPE_CHECKING:
    from assistant.validation import Validation

app = typer.Typer(help="Look after the question bank.", no_args_is_help=True)


@app.command()
def validate(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of topic files; the bank in use if none is given.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Leave out what needs the encoder (minutes).")] = False,
    as_json: JsonOption = False,
) -> int:
    """Check the question bank; exit code 1 when there are problems."""
    from assistant.validation import validate as check

    settings = Settings.from_environment()
    found = check(folders or [BUILT_IN_BANK, *settings.banks], datetime.now(UTC).date())
    if not fast and len(found.bank):
        with waiting("Comparing questions and grading reference answers…"):
            found = _by_meaning(found, settings)
    if as_json:
        print_json(found.to_dict())
    else:
        _show(found)
    return PROBLEMS if found.problems else DONE


def _by_meaning(found: "Validation", settings: Settings) -> "Validation":
    from assistant.baseline import BaselineGrader
    from assistant.index import build, load
    from assistant.validation_by_meaning import validate_by_meaning
    from models.encoder import load_encoder

    encoder = load_encoder(settings.data / "models", settings.encoder, settings.device)
    bank = found.bank
    index = build(bank.questions, bank.hash, encoder, load(settings.data / "index", encoder))
    return validate_by_meaning(found, index, encoder, BaselineGrader(encoder, bank))


def _show(found: "Validation") -> None:
    out = console()
    for problem in found.problems:
        out.print(shown(str(problem)), soft_wrap=True)
    for warning in found.warnings:
        out.print(f"warning: {shown(str(warning))}", soft_wrap=True)
    problems, warnings = len(found.problems), len(found.warnings)
    out.print(f"{len(found.bank)} questions, {problems} problems, {warnings} warnings.")


@app.command()
def stats(as_json: JsonOption = False) -> None:
    """Count the questions by topic and language."""
    from assistant.bank import load_bank

    counted = load_bank(Settings.from_environment().banks).stats()
    if as_json:
        print_json(counted)
        return
    out = console()
    out.print(f"{counted['questions']} questions, {counted['drills']} drills")
    for group in ("topics", "languages"):
        for name, count in counted[group].items():
            out.print(f"  {name:<20} {count}")
