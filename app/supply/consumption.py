"""Signed reports take their parts from the technician's van (USED), in the transaction of the signature.

Too little in the van never holds up a signature, for the customer waits: what is missing is booked out of the place "difference" and
stands in the list "used without stock" until the clerk says where it came from. What was shipped to the customer for the order is
there already. A serial number that the books have elsewhere goes
onto the machine all the same: the signed report is the proof. Lines whose number is not in the catalogue are not booked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.accounts.models import User
from app.core import clock, db, history
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.core.types import Actor
from app.machines.models import Machine
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PartUnit, PlaceKind, StockPlace
from app.supply import requisitions, shipments, unsettled, vans
from app.supply.models import Requisition, RequisitionLine, RequisitionStatus
from app.supply.writing import MISSING, record
from app.work_orders.models import WorkOrder

SETTLE = "stock.move"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A line of a signed report that was put on a machine; ``serial`` is that of the new piece, ``serial_off`` that of the old one."""

    number: str
    quantity: int
    serial: str = ""
    serial_off: str = ""
    is_put_on: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """What the parts were used for: the order, the number of its report, the machine, and whose vans they may come from."""

    order: WorkOrder
    report: str
    machine: Machine | None
    technicians: Sequence[User]


def take(by: Actor, job: Job, lines: Sequence[Fitted], at: datetime) -> None:
    """Book what ``lines`` used, in the running transaction. Never refuses."""
    db.current()
    for line in lines:
        part = Part.get_or_none(Part.number == line.number.strip()) if line.number.strip() else None
        if part is None:
            continue
        if line.serial_off:
            _came_off(by, part, line.serial_off, job, at)
        if line.is_put_on:
            _use(by, job, part, line, at)


def _use(by: Actor, job: Job, part: Part, line: Fitted, at: datetime) -> None:
    serial, left = line.serial.strip(), Decimal(line.quantity)
    if serial:
        left -= _use_unit(by, job, part, serial, at)
    left -= min(left, shipments.sent_to_customer(job.order, part.id))
    for place, most in _from_vans(job, part):
        quantity = min(left, most)
        if quantity > 0 and _moved(by, _used(job, part, quantity, place), at):
            count_used(by, job, part, quantity, at)
            left -= quantity
    if left > 0:
        ledger.move(by, _used(job, part, left, ledger.place_of(PlaceKind.DIFFERENCE)), at)


def _from_vans(job: Job, part: Part) -> Iterator[tuple[StockPlace, Decimal]]:
    for technician in {one.id: one for one in job.technicians}.values():
        van = vans.find(technician)
        if van is not None:
            yield van, ledger.held(van, part)


def _use_unit(by: Actor, job: Job, part: Part, serial: str, at: datetime) -> Decimal:
    """Book the piece with this number out of the van that has it; returns how much of the line that was."""
    unit = PartUnit.get_or_none(PartUnit.part == part, PartUnit.serial == serial)
    places = [van for van, held in _from_vans(job, part) if held >= 1 and (unit is None or unit.place_id == van.id)]
    for place in places:
        if _moved(by, _used(job, part, Decimal(1), place, serial), at):
            count_used(by, job, part, Decimal(1), at)
            return Decimal(1)
    if unit is None:
        ledger.move(by, _used(job, part, Decimal(1), ledger.place_of(PlaceKind.DIFFERENCE), serial), at)
        return Decimal(1)
    if job.machine is not None and unit.machine_id != job.machine.id:
        _carry_unit(by, unit, {"place": None, "machine": job.machine}, job, at)
    return Decimal(0)


def _came_off(by: Actor, part: Part, serial: str, job: Job, at: datetime) -> None:
    """The old piece is on the machine no longer; it is the customer's until it is returned."""
    unit = PartUnit.get_or_none(PartUnit.part == part, PartUnit.serial == serial.strip(), PartUnit.machine == job.machine)
    if unit is not None and job.machine is not None:
        _carry_unit(by, unit, {"place": ledger.place_of(PlaceKind.CUSTOMER), "machine": None}, job, at)


def _carry_unit(by: Actor, unit: PartUnit, to: dict[str, object], job: Job, at: datetime) -> None:
    PartUnit.update(changed_at=at, version=PartUnit.version + 1, **to).where(PartUnit.id == unit.id).execute()
    where = unit.machine.serial if unit.machine_id else unit.place.name
    history.record(
        by, "part.unit_moved", "part", unit.part.number, before={"at": where}, after={"serial": unit.serial, "report": job.report}
    )


def _used(job: Job, part: Part, quantity: Decimal, place: StockPlace, serial: str = "") -> Move:
    return Move(
        kind=MovementKind.USED, part=part, quantity=quantity, from_place=place, to_place=ledger.place_of(PlaceKind.CUSTOMER),
        about=job.report, serial=serial, machine=job.machine, remark=job.order.number,
    )  # fmt: skip


def _moved(by: Actor, wanted: Move, at: datetime) -> bool:
    """Whether it could be moved; somebody may have taken it meanwhile."""
    try:
        with db.savepoint():
            ledger.move(by, wanted, at)
    except DomainError:
        return False
    return True


def count_used(by: Actor, job: Job, part: Part, quantity: Decimal, at: datetime) -> None:
    """Count ``quantity`` as used on the requisitions it was issued by: that of the order first, then the oldest."""
    query = RequisitionLine.select(RequisitionLine, Requisition).join(Requisition)
    query = query.where(RequisitionLine.part == part, Requisition.status == RequisitionStatus.ISSUED)
    query = query.where(Requisition.technician.in_([one.id for one in job.technicians]))
    for line in sorted(query, key=lambda one: (one.requisition.order_id != job.order.id, one.id)):
        used = min(quantity, line.issued - line.used - line.returned)
        if used <= 0:
            continue
        is_left = (RequisitionLine.id == line.id) & (RequisitionLine.used + RequisitionLine.returned + used <= RequisitionLine.issued)
        if RequisitionLine.update(used=RequisitionLine.used + used).where(is_left).execute():
            quantity -= used
            requisitions.close_when_settled(by, line.requisition, at)


def settle(*, by: Actor, report: str, part: Part, from_place: StockPlace | None, at: datetime | None = None) -> None:
    """Say where parts came from that were used without stock: out of a store, or from the supplier when they were bought on the way.

    Raises ``Invalid`` when that store does not hold so much, ``Conflict`` when it is settled already, ``NotAllowed``.
    """
    by.require(SETTLE)
    if from_place is None or not (from_place.is_store or from_place.kind == PlaceKind.SUPPLIER):
        raise Invalid(MISSING, fields={"from_place": N_("Say where these parts came from.")})
    now = at or clock.now()
    with db.transaction():
        db.for_update(Part.select().where(Part.id == part.id)).get()
        left = unsettled.left_of(report, part)
        if left <= 0:
            raise Conflict(N_("This is settled already."))
        kind = MovementKind.RECEIPT if from_place.kind == PlaceKind.SUPPLIER else MovementKind.TRANSFER
        to_place = ledger.place_of(PlaceKind.DIFFERENCE)
        ledger.move(by, Move(kind=kind, part=part, quantity=left, from_place=from_place, to_place=to_place, about=report), now)
        record(by, "settled", "part", part.number, report=report, quantity=left, from_place=from_place.name)
