"""The verb batch."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from assistant.cli.output import (
    DONE,
    INTERRUPTED,
    PROBLEMS,
    JsonOption,
    chosen_lang,
    console,
    loaded,
    note,
    open_engine,
    print_json,
)
from assistant.errors import InputError


def batch(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A .csv, .tsv, .jsonl or .json file of answers.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write: .csv, .tsv or .jsonl.")],
    resume: Annotated[bool, typer.Option("--resume", help="Keep what an earlier run has graded into OUT.")] = False,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="What runs it.")] = "local",
    jobs: Annotated[int | None, typer.Option(min=1, max=1024, help="CPU threads the encoder may use.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML summary here too.")] = None,
    lang: Annotated[str | None, typer.Option(help="Language of the report: zh or en.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Score a file of answers; exit code 1 when some rows could not be graded."""
    if engine == "ray":
        raise InputError("The ray engine is not part of this version; leave --engine out.")
    from assistant.batch import check_input, score_file

    check_input(source, out, report)  # before the model is loaded
    assistant = open_engine()
    models = loaded(assistant)
    if jobs is not None:
        import torch

        torch.set_num_threads(jobs)
    spoken = chosen_lang(lang, assistant.settings)
    try:
        with _progress() as show:
            summary = score_file(
                source, out, models.grader, assistant.bank, resume=resume, progress=show, report=report, lang=spoken
            )
    except KeyboardInterrupt:
        note(f"What is graded so far is kept in {out}.partial; run the same command with --resume to go on.")
        return INTERRUPTED
    for name, new in summary.renamed:
        note(f"The input's column '{name}' is named '{new}' in the output, where '{name}' is ours.")
    if as_json:
        print_json({**summary.to_dict(), "out": str(out), "report": str(report) if report else None})
    else:
        mean = "" if summary.mean_score is None else f", mean score {summary.mean_score:.1f}"
        kept = f", {summary.kept} kept from before" if summary.kept else ""
        console().print(f"{summary.rows} rows: {summary.ok} graded{mean}, {summary.errors} with an error{kept}. {out}")
    return PROBLEMS if summary.errors else DONE


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console(sys.stderr)) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
