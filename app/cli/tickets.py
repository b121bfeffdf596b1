"""``flask tickets``: bringing in old records."""

from pathlib import Path
from typing import Any

import click

from app.cli import Group
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("tickets", help="Tickets.")


@group.command("import")
@import_options
@click.option("--create-machines", is_flag=True, help="Make machines that are not in the register.")
@click.option("--source", default="", help="The book or system the records come from: equal lines of two sources are two records.")
def import_(file: Path, **options: Any) -> None:
    """Import old service records from a CSV or XLSX file as closed tickets: all or nothing, and twice is once.

    Columns: date, machine, kind, text, type, cost, technician; date, machine and text are needed. A line is known again by its
    source, its content and its how-manieth it is of equal ones in its file. Chinese and English headings are known too.
    """
    run(ImportKind.HISTORY, file, options)
