"""``flask stock``: bringing in the opening stock, and whether the books of the stores are right."""

import sys
from pathlib import Path
from typing import Any

from app.cli import Group, json_option, show
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind
from app.parts import books

group = Group("stock", help="Stores and their ledger.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import the opening stock from a CSV or XLSX file: all or nothing, and twice is once.

    Columns: place, part, quantity, serial, cost; place, part and quantity are needed. Chinese and English headings are known too.
    """
    run(ImportKind.OPENING_STOCK, file, options)


@group.command()
@json_option
def check(as_json: bool) -> None:
    """Say whether what each store holds is the sum of its movements; exit status 1 when it is not."""
    found = books.problems()
    show({"sound": not found, "problems": found} if as_json else [{"line": line} for line in found or ["sound"]], as_json)
    sys.exit(1 if found else 0)
