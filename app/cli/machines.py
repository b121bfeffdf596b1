"""``flask machines``: bringing in machines."""

from pathlib import Path
from typing import Any

from app.cli import Group
from app.cli._imports import COMMAND_LINE, import_options, run
from app.machines import imports

group = Group("machines", help="Machines.")


@group.command("import")
@import_options
def import_(file: Path, **options: Any) -> None:
    """Import machines from a CSV file: all or nothing, and twice is once.

    Columns: serial, device, model, profile, customer, site, address, area, gateway, accepted_on, shipped_on, warranty_months,
    batch; serial and model are needed. Customers, sites, areas and models that are not there yet are made.
    """
    run(file, imports.table_of, lambda **given: imports.import_machines(by=COMMAND_LINE, **given), options)
