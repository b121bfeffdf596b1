"""Requisitions (领料单, 2A-10, F-19): asked for, approved by another, issued into the van, used or brought back, closed.

``used`` counts what signed reports took from the van (app/supply/consumption.py); a line is settled when all that was issued is
used or returned, and the requisition closes with its last line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.accounts.models import Role, User, UserRole
from app.accounts.notices import notify
from app.core import clock, db, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, StockPlace
from app.roster.queries import on_duty
from app.supply import vans
from app.supply.models import Requisition, RequisitionLine, RequisitionStatus
from app.supply.writing import MISSING, MOST_WORDS, Wanted, asked_for, claim, each_once, reason_in, record
from app.work_orders.models import WorkOrder

ASK, DECIDE, ISSUE = "requisitions.ask", "requisitions.decide", "requisitions.issue"
NUMBER_PREFIX = "L"
KIND = "requisition"


def ask(
    *,
    by: Actor,
    technician: User | None,
    from_place: StockPlace | None,
    lines: Sequence[Wanted],
    order: WorkOrder | None = None,
    remark: str = "",
    form_token: str | None = None,
    at: datetime | None = None,
) -> Requisition:
    """Ask for parts out of ``from_place`` for the van of ``technician``; who approves is told. A form sent again changes nothing.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed`` (a technician asks for the own van only).
    """
    by.require(ASK)
    now = at or clock.now()
    if technician is None or from_place is None or not from_place.is_store:
        wrong = {} if technician is not None else {"technician": N_("Choose whose van it is.")}
        wrong |= {} if from_place is not None and from_place.is_store else {"from_place": N_("Choose the store.")}
        raise Invalid(MISSING, fields=wrong)
    if by.area_ids is not None and by.user_id != technician.id:
        raise NotAllowed(N_("Parts are asked for one's own van; for another's the desk asks."))
    wanted = each_once(lines)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Requisition.get_by_id(int(submissions.result_of(form_token)))
        row: Requisition = Requisition.create(
            number=numbering.next_number(NUMBER_PREFIX, now), status=RequisitionStatus.REQUESTED, technician=technician, order=order,
            from_place=_not_the_van(from_place, technician), to_place=vans.of(by, technician), remark=remark.strip()[:MOST_WORDS],
            requested_at=now, requested_by=by.user_id or technician.id, requested_by_name=by.name,
        )  # fmt: skip
        for line in wanted:
            RequisitionLine.create(requisition=row, part=line.part, asked=line.quantity)
        if form_token:
            submissions.settle(form_token, row.id)
        _tell_deciders(by, row, now)
        parts = {line.part.number: line.quantity for line in wanted}
        record(by, "asked", KIND, row.number, technician=technician.name, parts=parts, order=order.number if order else "")
    return row


def _not_the_van(place: StockPlace, technician: User) -> StockPlace:
    if place.keeper_id == technician.id:
        raise Invalid(MISSING, fields={"from_place": N_("These parts are in this van already.")})
    return place


def _tell_deciders(by: Actor, row: Requisition, now: datetime) -> None:
    people = {user.id for user in on_duty(Role.DEPUTY, now)} - {by.user_id}
    words = N_("%(who)s asks for parts: requisition %(number)s")
    notify(sorted(people), words, href=_address(row), key=f"asked:{row.id}", at=now, who=row.technician.name, number=row.number)


def approve(*, by: Actor, requisition: Requisition, version: int, at: datetime | None = None) -> None:
    """Approve it; the clerks who issue are told. Raises ``NotAllowed`` for who asked for it, ``Conflict``."""
    by.require(DECIDE)
    _decide(by, requisition, version, at or clock.now(), to=RequisitionStatus.APPROVED)


def reject(*, by: Actor, requisition: Requisition, version: int, reason: str, at: datetime | None = None) -> None:
    """Turn it down with the reason; who asked is told. Raises ``Invalid`` without one, else as ``approve`` does."""
    by.require(DECIDE)
    _decide(by, requisition, version, at or clock.now(), to=RequisitionStatus.REJECTED, decision=reason_in(reason))


def _decide(by: Actor, row: Requisition, version: int, now: datetime, *, to: RequisitionStatus, decision: str = "") -> None:
    if by.user_id is not None and by.user_id == row.requested_by_id:
        raise NotAllowed(N_("You asked for these parts yourself: somebody else approves them."))
    with db.transaction():
        values = {"decided_at": now, "decided_by": by.user_id, "decided_by_name": by.name, "decision": decision}
        claim(row, version, (RequisitionStatus.REQUESTED,), status=to, **values)
        words, people = N_("Requisition %(number)s is turned down: %(reason)s"), {row.technician_id, row.requested_by_id}
        if to == RequisitionStatus.APPROVED:
            words, people = N_("Requisition %(number)s is approved and can be issued."), _issuers() | people
        notify(
            sorted(people - {by.user_id}), words, href=_address(row), key=f"decided:{row.id}", at=now, number=row.number, reason=decision
        )
        record(by, to.value, KIND, row.number, reason=decision)


def _issuers() -> set[int]:
    held = UserRole.select(UserRole.user).join(User).where(UserRole.role == Role.CLERK, User.is_active)
    return {user_id for (user_id,) in held.tuples()}


def issue(
    *,
    by: Actor,
    requisition: Requisition,
    version: int,
    quantities: Mapping[int, Decimal],
    serials: Mapping[int, Sequence[str]] | None = None,
    at: datetime | None = None,
) -> None:
    """Issue ``quantities`` (by id of the line; less than asked for is allowed, once) from the store into the van.

    Raises ``Invalid`` when the store does not hold so much or more is issued than was asked for, ``Conflict``, ``NotAllowed``.
    """
    by.require(ISSUE)
    now = at or clock.now()
    with db.transaction():
        lines = lines_of(requisition)
        given = asked_for(quantities, lines, {line.id: line.asked for line in lines})
        values = {"issued_at": now, "issued_by_name": by.name}
        claim(requisition, version, (RequisitionStatus.APPROVED,), status=RequisitionStatus.ISSUED, **values)
        for line in lines:
            if line.id in given:
                RequisitionLine.update(issued=given[line.id]).where(RequisitionLine.id == line.id).execute()
                _carry(by, requisition, _Load(line, given[line.id], (serials or {}).get(line.id, ())), MovementKind.ISSUE, now)
        words = N_("The parts of requisition %(number)s are in your van.")
        notify(
            [requisition.technician_id],
            words,
            href=_address(requisition),
            key=f"issued:{requisition.id}",
            at=now,
            number=requisition.number,
        )
        record(by, "issued", KIND, requisition.number, quantities={line.part.number: given[line.id] for line in lines if line.id in given})


def give_back(*, by: Actor, requisition: Requisition, version: int, quantities: Mapping[int, Decimal], at: datetime | None = None) -> None:
    """Parts that were not used go back from the van into the store they came from. Raises as ``issue`` does."""
    by.require(ISSUE)
    now = at or clock.now()
    with db.transaction():
        lines = lines_of(requisition)
        given = asked_for(quantities, lines, {line.id: line.issued - line.used - line.returned for line in lines})
        claim(requisition, version, (RequisitionStatus.ISSUED,))
        for line in lines:
            if line.id in given:
                _count_back(line, given[line.id])
                _carry(by, requisition, _Load(line, given[line.id]), MovementKind.RETURN, now)
        record(
            by, "returned", KIND, requisition.number, quantities={line.part.number: given[line.id] for line in lines if line.id in given}
        )
        close_when_settled(by, requisition, now)


def _count_back(line: RequisitionLine, quantity: Decimal) -> None:
    """A report may have taken what is brought back: the row itself says whether so much is still there."""
    is_there = (RequisitionLine.id == line.id) & (RequisitionLine.used + RequisitionLine.returned + quantity <= RequisitionLine.issued)
    if RequisitionLine.update(returned=RequisitionLine.returned + quantity).where(is_there).execute() != 1:
        raise Conflict(N_("This paper has changed meanwhile. Look at its present state, then decide again."))


@dataclass(frozen=True, slots=True)
class _Load:
    """What goes into the van or out of it again for one line."""

    line: RequisitionLine
    quantity: Decimal
    serials: Sequence[str] = ()


def _carry(by: Actor, row: Requisition, load: _Load, kind: MovementKind, at: datetime) -> None:
    ends = {"from_place": row.from_place, "to_place": row.to_place}
    if kind == MovementKind.RETURN:
        ends = {"from_place": row.to_place, "to_place": row.from_place}
    for serial, pieces in in_pieces(load.quantity, load.serials, f"serials-{load.line.id}"):
        ledger.move(by, Move(kind=kind, part=load.line.part, quantity=pieces, about=row.number, serial=serial, **ends), at)


def in_pieces(quantity: Decimal, serials: Sequence[str], field: str = "serials") -> list[tuple[str, Decimal]]:
    """One piece for each serial number, then the rest without one. Raises ``Invalid`` for more numbers than pieces, or the same twice."""
    if len(serials) > quantity or len(set(serials)) != len(serials):
        raise Invalid(MISSING, fields={field: N_("Each piece has one serial number, and no more numbers than pieces.")})
    rest = quantity - len(serials)
    return [*((serial, Decimal(1)) for serial in serials), *([("", rest)] if rest else [])]


def withdraw(*, by: Actor, requisition: Requisition, version: int, at: datetime | None = None) -> None:
    """It is no longer needed: who asked, or who decides, takes it back before it was issued. Raises ``NotAllowed``, ``Conflict``."""
    by.require(ASK)
    if not by.may(DECIDE) and by.user_id not in (requisition.requested_by_id, requisition.technician_id):
        raise NotAllowed(N_("Who asked for the parts withdraws the requisition, or who decides on it."))
    with db.transaction():
        open_ones = (RequisitionStatus.REQUESTED, RequisitionStatus.APPROVED)
        claim(requisition, version, open_ones, status=RequisitionStatus.CANCELLED, closed_at=at or clock.now())
        record(by, "withdrawn", KIND, requisition.number)


def close_when_settled(by: Actor, requisition: Requisition, at: datetime) -> bool:
    """Close an issued requisition of which nothing is left in the van, in the running transaction."""
    if any(line.issued > line.used + line.returned for line in lines_of(requisition)):
        return False
    issued = (Requisition.id == requisition.id) & (Requisition.status == RequisitionStatus.ISSUED)
    values = {"status": RequisitionStatus.CLOSED, "closed_at": at, "version": Requisition.version + 1}
    if Requisition.update(values).where(issued).execute() != 1:
        raise Conflict(N_("This paper has changed meanwhile. Look at its present state, then decide again."))
    record(by, "closed", KIND, requisition.number)
    return True


def lines_of(requisition: Requisition) -> list[RequisitionLine]:
    """Its lines with their parts, as they stand now."""
    return list(requisition.lines.order_by(RequisitionLine.id))


def _address(row: Requisition) -> str:
    return f"/requisitions/{row.number}"
