"""The log of where a machine stood and which terminals it had: written whenever either changes, whichever way (workflows, Machine file)."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.types import Actor
from app.machines.models import Machine, MachineMove, TerminalChange


@dataclass(frozen=True, slots=True)
class Was:
    """Where a machine stood and which terminal it had before a change."""

    customer_id: int | None
    site_id: int | None
    device: str | None


def was(machine: Machine) -> Was:
    """How ``machine`` stands before it is changed."""
    return Was(machine.customer_id, machine.site_id, machine.device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """On what occasion a machine is changed: ``action`` stands in the history, ``at`` and ``reason`` in the log too.

    ``is_noted`` is False where the log is put right, and not the machine changed.
    """

    action: str = "edited"
    at: datetime | None = None
    reason: str = ""
    is_noted: bool = True


def note(by: Actor, machine: Machine, before: Was, occasion: Occasion) -> None:
    """Write into the log what of ``before`` is over now; a first customer, site or terminal ends nothing and is no move."""
    if not occasion.is_noted:
        return
    if _has_moved(machine, before):
        _note_move(by, machine, before, occasion)
    if machine.device != before.device:
        TerminalChange.create(
            machine=machine,
            at=occasion.at or clock.now(),
            old_device=before.device,
            new_device=machine.device,
            sim_number=machine.sim_number,
            by=by.user_id,
            by_name=by.name,
            reason=occasion.reason,
        )


def _has_moved(machine: Machine, before: Was) -> bool:
    other_customer = before.customer_id is not None and machine.customer_id != before.customer_id
    other_site = before.site_id is not None and machine.site_id != before.site_id
    return other_customer or other_site


def _note_move(by: Actor, machine: Machine, before: Was, occasion: Occasion) -> None:
    now = clock.now()
    MachineMove.create(
        machine=machine,
        at=occasion.at or now,
        from_customer=before.customer_id,
        from_site=before.site_id,
        to_customer=machine.customer_id,
        to_site=machine.site_id,
        by=by.user_id,
        by_name=by.name,
        reason=occasion.reason,
        recorded_at=now,
    )
