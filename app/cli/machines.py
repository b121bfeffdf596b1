"""``flask machines``: bringing in machines."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import import_options, run
from app.core.import_runs import ImportKind

group = Group("machines", help="Machines.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import machines from a CSV or XLSX file: all or nothing, and twice is once.

    Columns: serial, device, model, profile, customer, site, address, area, gateway, accepted_on, shipped_on, warranty_months,
    batch; serial and model are needed. Customers, sites, areas and models that are not there yet are made. Chinese and English
    headings are known too.
    """
    run(ImportKind.MACHINES, file, options)
