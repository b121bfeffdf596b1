"""The warranty of a machine with what upper layers know of it: ``LONGER`` tells of extensions (contracts adds itself)."""

from collections.abc import Callable, Collection, Mapping
from datetime import date

from app.machines.models import Machine
from app.machines.warranty import Warranty, prolonged, warranty_on

# Each gives the last day of every machine among these (None: of all) whose warranty was extended.
Longer = Callable[[Collection[int] | None], Mapping[int, date]]
LONGER: list[Longer] = []


def extended(machine_ids: Collection[int] | None = None) -> dict[int, date]:
    """The last day of each extended warranty, of these machines or of all."""
    found: dict[int, date] = {}
    for longer in LONGER:
        for machine_id, until in longer(machine_ids).items():
            found[machine_id] = max(until, found.get(machine_id, until))
    return found


def warranty_of(machine: Machine, day: date, known: Mapping[int, date] | None = None) -> Warranty:
    """The warranty of ``machine`` on ``day`` with its reason; ``known`` are extensions that were read before for many machines."""
    found = warranty_on(day, accepted_on=machine.accepted_on, shipped_on=machine.shipped_on, months=machine.warranty_months)
    until = (extended([machine.id]) if known is None else known).get(machine.id)
    return prolonged(found, until, day)
