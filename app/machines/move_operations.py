"""Moving a machine to another customer or site, and replacing its terminal.

What happened before stays with the earlier owner: tickets keep their customer. What a terminal said before it was taken off stays
with the machine (``app.machines.terminals``).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from peewee import Table

from app.accounts.models import Area
from app.core import clock, db
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers.models import Customer, Site
from app.machines import operations
from app.machines.models import Machine, MachineMove, TerminalChange
from app.machines.moves import Occasion

UNDO_WITHIN = timedelta(days=1)
MAX_REASON = 200
_CHECK_FIELDS = N_("Something is missing or wrong. See the words beside the fields.")

# Tickets stand above this package; only these columns of them matter here.
_ticket = Table("ticket", ("id", "machine_id", "customer_id", "opened_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveDetails:
    """Where a machine goes and why; without a customer it comes back to the manufacturer. Without an area it lies in that of its place."""

    customer: Customer | None
    site: Site | None = None
    area: Area | None = None
    at: datetime
    reason: str


def move_machine(*, by: Actor, machine: Machine, version: int, details: MoveDetails) -> MachineMove:
    """Move ``machine`` to another customer or site.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when ``version`` is no longer the present one, ``NotAllowed``.
    """
    by.require("machines.edit")
    with db.transaction():
        _check_move(machine, details)
        placed = replace(operations.written(machine), customer=details.customer, site=details.site, area=details.area)
        occasion = Occasion(action="moved", at=details.at, reason=details.reason.strip())
        operations.renew(by=by, machine=machine, version=version, details=placed, model=machine.model, occasion=occasion)
        return _last_move(machine)


def _check_move(machine: Machine, details: MoveDetails) -> None:
    wrong = _wrong_reason(details.reason) | _wrong_time(details.at, MachineMove, machine)
    customer, site = details.customer, details.site
    if site is not None and (customer is None or site.customer_id != customer.id):
        wrong["site"] = N_("This site belongs to another customer.")
    elif (customer.id if customer else None, site.id if site else None) == (machine.customer_id, machine.site_id):
        wrong["customer"] = N_("The machine stands there already.")
    if wrong:
        raise Invalid(_CHECK_FIELDS, fields=wrong)


def undoable(machine: Machine, at: datetime | None = None) -> MachineMove | None:
    """The last move of ``machine`` if it can be taken back: recorded within a day, and nothing has come of it since."""
    move = MachineMove.select().where(MachineMove.machine == machine).order_by(MachineMove.id.desc()).first()
    if move is None or (at or clock.now()) - move.recorded_at > UNDO_WITHIN:
        return None
    has_gone_on = (machine.customer_id, machine.site_id) != (move.to_customer_id, move.to_site_id)
    return None if has_gone_on or _tickets_since(move) else move


def _tickets_since(move: MachineMove) -> bool:
    since = (_ticket.machine_id == move.machine_id) & (_ticket.opened_at >= clock.to_ms(move.recorded_at))
    return bool(_ticket.select(_ticket.id).where(since).limit(1).bind(db.database).tuples().execute())


def undo_move(*, by: Actor, machine: Machine, move_id: int, at: datetime | None = None) -> None:
    """Take the last move back: the machine stands where it stood and the log does not know of the move any more; the history does.

    Raises ``Conflict`` when it is not the last one, is older than a day, or a ticket has been opened at the new place since.
    """
    by.require("machines.edit")
    with db.transaction():
        move = undoable(machine, at)
        if move is None or move.id != move_id:
            raise Conflict(N_("This move can no longer be taken back: move the machine again instead."))
        move.delete_instance()
        placed = replace(operations.written(machine), customer=move.from_customer, site=move.from_site, area=None)
        occasion = Occasion(action="move_undone", is_noted=False)
        operations.renew(by=by, machine=machine, version=machine.version, details=placed, model=machine.model, occasion=occasion)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalDetails:
    """The terminal that is fitted; an empty ``device`` means that the old one is taken off and none takes its place."""

    device: str
    sim_number: str = ""
    sim_expires_on: date | None = None
    gateway: str = ""
    at: datetime
    reason: str


def replace_terminal(*, by: Actor, machine: Machine, version: int, details: TerminalDetails) -> TerminalChange:
    """Fit, replace or take off the terminal of ``machine``. The device code of the old one may be used again elsewhere.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when ``version`` is no longer the present one, ``NotAllowed``.
    """
    by.require("machines.edit")
    with db.transaction():
        _check_terminal(machine, details)
        fitted = replace(
            operations.written(machine),
            device=details.device.strip(),
            sim_number=details.sim_number,
            sim_expires_on=details.sim_expires_on,
            gateway=details.gateway,
        )
        occasion = Occasion(action="terminal_replaced", at=details.at, reason=details.reason.strip())
        operations.check(fitted, machine)
        operations.renew(by=by, machine=machine, version=version, details=fitted, model=machine.model, occasion=occasion)
        return TerminalChange.select().where(TerminalChange.machine == machine).order_by(TerminalChange.id.desc()).get()


def _check_terminal(machine: Machine, details: TerminalDetails) -> None:
    wrong = _wrong_reason(details.reason) | _wrong_time(details.at, TerminalChange, machine)
    if details.device.strip() == (machine.device or ""):
        wrong["device"] = N_("The machine has this terminal already.") if machine.device else N_("Please give the device code.")
    owner = Machine.get_or_none((Machine.device == details.device.strip()) & (Machine.id != machine.id)) if details.device else None
    if owner is not None:
        raise Invalid(
            N_("Machine %(serial)s has this device code. Take the terminal off there first."),
            fields=wrong | {"device": N_("Another machine has this device code.")},
            serial=owner.serial,
        )
    if wrong:
        raise Invalid(_CHECK_FIELDS, fields=wrong)


def _wrong_reason(reason: str) -> dict[str, str]:
    if not reason.strip():
        return {"reason": N_("Please say why.")}
    return {"reason": N_("This is too long.")} if len(reason.strip()) > MAX_REASON else {}


def _wrong_time(at: datetime, row: type[MachineMove] | type[TerminalChange], machine: Machine) -> dict[str, str]:
    last = row.select().where(row.machine == machine).order_by(row.at.desc()).first()
    if at > clock.now() + timedelta(minutes=1):
        return {"at": N_("This lies in the future.")}
    if last is not None and at <= last.at:
        return {"at": N_("This must be later than the change before.")}
    return {}


def _last_move(machine: Machine) -> MachineMove:
    return MachineMove.select().where(MachineMove.machine == machine).order_by(MachineMove.id.desc()).get()
