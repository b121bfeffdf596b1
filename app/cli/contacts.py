"""``flask contacts``: bringing in the people at customers'."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("contacts", help="People at customers'.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import contacts from a CSV or XLSX file: all or nothing, and twice is once.

    Columns: customer, name, role, phone, email, site; customer and name are needed, and the customer must be there. Chinese and
    English headings are known too.
    """
    run(ImportKind.CONTACTS, file, options)
