"""What the import commands have in common: options, progress, the file of bad lines, what is said at the end."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app.cli import json_option, show
from app.core.importing import Outcome, Reason, Table, bad_lines_file
from app.core.types import system

Import = Callable[..., Outcome]
# Whoever may run commands on the host may do what they do.
COMMAND_LINE = system("command line")

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The file and the options of every import of a table."""
    for option in (
        file_argument,
        click.option("--dry-run", is_flag=True, help="Only say what would happen."),
        click.option("--skip-bad-lines", is_flag=True, help="Take the good lines; write the others with their reasons to a file."),
        click.option("--bad-lines", type=click.Path(dir_okay=False, path_type=Path), help="That file (default: FILE.bad.csv)."),
        json_option,
    ):
        command = option(command)
    return command


def run(file: Path, table_of: Callable[[bytes], Table], take: Import, options: dict[str, Any]) -> None:
    """Import ``file`` and say what it did. Raises what ``table_of`` and ``take`` raise."""
    content = file.read_bytes()
    table = table_of(content)
    with click.progressbar(length=len(table.lines), label=file.name, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        outcome = take(
            table=table, is_dry_run=options["dry_run"], skips_bad_lines=options["skip_bad_lines"], progress=lambda: bar.update(1)
        )
    result = _counts(outcome)
    if outcome.bad:
        target = options["bad_lines"] or file.with_name(f"{file.name}.bad.csv")
        if not outcome.is_dry_run:
            target.write_text(bad_lines_file(table, content, outcome, _words), encoding="utf-8-sig")
            result["bad_lines_file"] = str(target)
        for number in sorted(outcome.bad):
            click.echo(f"line {number}: {'; '.join(_words(reason) for reason in outcome.bad[number])}", err=True)
    show(result, options["as_json"])


def _counts(outcome: Outcome) -> dict[str, Any]:
    counts = {name: getattr(outcome, name) for name in ("lines", "added", "changed", "unchanged")}
    return {"dry_run": outcome.is_dry_run, **counts, "bad": len(outcome.bad)}


def _words(reason: Reason) -> str:
    message, params = reason
    return message % params if params else message
