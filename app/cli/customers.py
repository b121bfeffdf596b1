"""``flask customers``: bringing in customers."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("customers", help="Customers.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import customers from a CSV or XLSX file: all or nothing, and twice is once.

    Columns: name, short_name, tax_number, kind, area, contact, phone, email; only name is needed. Chinese and English headings are
    known too.
    """
    run(ImportKind.CUSTOMERS, file, options)
