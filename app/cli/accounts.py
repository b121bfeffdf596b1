"""``flask accounts``: what customers owe and have paid."""

import sys
from pathlib import Path
from typing import Any

from app.billing import accounts
from app.cli import Group, json_option, show
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("accounts", help="What customers owe and have paid.")


@group.command("import-opening")
@import_options
def import_opening(file: Path, **options: Any) -> None:
    """Import what was owed before from a CSV or XLSX file: all or nothing, and twice is once.

    Columns: customer, about, amount, due_on (needed), since_on, demanded_on, person. Chinese and English headings are known too.
    """
    run(ImportKind.OPENING_RECEIVABLES, file, options)


@group.command()
@json_option
def check(as_json: bool) -> None:
    """Say whether what is kept of payments, receivables and accounts is the sum of its parts; exit status 1 when it is not."""
    found = accounts.differences()
    show({"right": not found, "differences": found} if as_json else [{"line": line} for line in found or ["right"]], as_json)
    sys.exit(1 if found else 0)
