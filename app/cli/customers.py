"""``flask customers``: bringing in customers and their contacts."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import COMMAND_LINE, import_options, run
from app.customers import imports

group = Group("customers", help="Customers and their contacts.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import customers from a CSV file: all or nothing, and twice is once.

    Columns: name, short_name, tax_number, kind, area, contact, phone, email; only name is needed.
    """
    run(file, imports.table_of, lambda **given: imports.import_customers(by=COMMAND_LINE, **given), options)
