"""``flask parts``: bringing in the catalogue of parts."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("parts", help="The catalogue of parts.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import parts from a CSV or XLSX file: all or nothing, and twice is once; a known number is changed.

    Columns: number, name, drawing_number, unit, models, supplier, is_wear, is_returned, has_serials, warranty_months, price, cost,
    is_active; only number is needed, and name for a new part. Chinese and English headings are known too.
    """
    run(ImportKind.PARTS, file, options)
