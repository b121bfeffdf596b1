"""What the import commands have in common: options, progress, the file of bad lines, what is said at the end."""

import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app.cli import json_option, show
from app.core.import_runs import ImportKind, ImportRun, ImportState
from app.core.importing import Mapping, Options, Reason, Table, check, open_table, refused
from app.core.types import system
from app.imports import bad_lines, operations
from app.imports.kinds import KINDS
from app.imports.runs import bad_lines_of, problems_of
from app.imports.work import Worker, holder_name

# Whoever may run commands on the host may do what they do.
COMMAND_LINE = system("command line")
LOOK_EVERY_S = 0.5
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The file and the options of every import of a table."""
    for option in (
        file_argument,
        click.option("--dry-run", is_flag=True, help="Only say what would happen."),
        click.option("--skip-bad-lines", is_flag=True, help="Take the good lines; write the others with their reasons to a file."),
        click.option("--bad-lines", type=click.Path(dir_okay=False, path_type=Path), help="That file (default: FILE.bad.csv)."),
        click.option(
            "--map", "mapped", default="", metavar="THEIRS=OURS,…", help="What headings mean that are not known; THEIRS= is not read."
        ),
        json_option,
    ):
        command = option(command)
    return command


def run(kind: ImportKind, file: Path, options: dict[str, Any]) -> None:
    """Import ``file`` and say what it did. Raises ``InvalidFile`` when it or one of its lines is refused."""
    decided = Options(creates_machines=options.get("create_machines", False), source=options.get("source", ""))
    with file.open("rb") as stream:
        table = open_table(stream)
        mapping = _mapping(kind, table, options["mapped"])
        if options["dry_run"]:
            outcome = check(table, mapping, KINDS[kind], decided)
            counts = {name: getattr(outcome, name) for name in ("lines", "added", "changed", "unchanged")}
            _complain(outcome.bad, options["skip_bad_lines"])
            return show({"dry_run": True, **counts, "bad": len(outcome.bad)}, options["as_json"])
        worker = Worker(holder_name("command line"))
        handed_in = operations.hand_in(
            by=COMMAND_LINE,
            kind=kind,
            name=file.name,
            stream=stream,
            creates_machines=decided.creates_machines,
            source=decided.source,
            chosen=mapping,
            holder=worker.holder,
        )
    return show(_take_in(handed_in, worker, file, options), options["as_json"])


def _mapping(kind: ImportKind, table: Table, mapped: str) -> Mapping:
    """What the headings mean, with what was said about them. Raises ``click.BadParameter``, ``InvalidFile``."""
    chosen: dict[str, str] = {}
    for pair in filter(None, mapped.split(",")):
        theirs, equals, ours = pair.partition("=")
        if not equals or theirs.strip() not in table.headings:
            raise click.BadParameter(f"{pair!r}: THEIRS=OURS is needed, THEIRS one of {', '.join(table.headings)}", param_hint="--map")
        if ours.strip() not in ("", *KINDS[kind].codes):
            raise click.BadParameter(f"{ours.strip()!r} is no column; there are {', '.join(KINDS[kind].codes)}", param_hint="--map")
        chosen[theirs.strip()] = ours.strip()
    mapping = Mapping.guessed(table.headings, KINDS[kind].columns).with_choices(chosen)
    mapping.require(table.headings, KINDS[kind].columns, table.heading_line)
    return mapping


def _take_in(run: ImportRun, worker: Worker, file: Path, options: dict[str, Any]) -> dict[str, Any]:
    run = _worked_on(run, worker, file.name)
    bad = bad_lines_of(run)
    if run.state == ImportState.UPLOADED and (run.bad == 0 or options["skip_bad_lines"]) and run.lines > run.bad:
        operations.start(by=COMMAND_LINE, run=run, version=run.version, skips_bad_lines=options["skip_bad_lines"])
        run = _worked_on(run, worker, file.name)
        bad = bad_lines_of(run)
    if run.state != ImportState.DONE:
        problems = problems_of(run) or [(number, *reason) for number, reasons in bad.items() for reason in reasons]
        if run.state == ImportState.UPLOADED:
            operations.discard(by=COMMAND_LINE, run=run, version=run.version)
        if problems or not run.lines:
            raise refused(problems)
    counts = {name: getattr(run, name) for name in ("lines", "added", "changed", "unchanged", "bad")}
    result: dict[str, Any] = {"dry_run": False, **counts, "import": run.id}
    if bad:
        target = options["bad_lines"] or file.with_name(f"{file.name}.bad.csv")
        _write_bad_lines(run, target)
        result["bad_lines_file"] = str(target)
        _complain(bad, True)
    return result


def _worked_on(run: ImportRun, worker: Worker, label: str) -> ImportRun:
    """Work until the import stands still; when a worker of the portal took it, watch that one."""
    bar: Any
    with click.progressbar(length=run.lines, label=label, file=sys.stderr, hidden=not (run.lines and sys.stderr.isatty())) as bar:
        worker.progress = lambda done: bar.update(done - bar.pos)
        while not worker.work_on(run.id):
            time.sleep(LOOK_EVERY_S)
    return ImportRun.get_by_id(run.id)


def _write_bad_lines(run: ImportRun, target: Path) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(bad_lines.headings(run))
        for row in bad_lines.rows(run, _words):
            writer.writerow([f"'{cell}" if str(cell).startswith(_DANGEROUS) else cell for cell in row])


def _complain(bad: dict[int, list[Reason]], is_skipping: bool) -> None:
    """Name the bad lines. Raises ``InvalidFile`` unless they are left out."""
    if bad and not is_skipping:
        raise refused([(number, *reason) for number, reasons in bad.items() for reason in reasons])
    for number in sorted(bad):
        click.echo(f"line {number}: {'; '.join(_words(reason) for reason in bad[number])}", err=True)


def _words(reason: Reason) -> str:
    message, params = reason
    return message % params if params else message
