"""Purchase requests (采购单, 2A-13, F-18): drafted, sent to the purchasing office by e-mail, received into a store, whole or in parts.

A request may be for an order that waits for parts: with the last part it waits for, the order stands in the dispatch queue again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.accounts.models import Department
from app.core import clock, db, numbering, outbox, submissions
from app.core.errors import N_, Invalid
from app.core.money import line_amount
from app.core.spoken import say
from app.core.types import Actor
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, PlaceKind, StockPlace
from app.supply import arrivals
from app.supply.models import PurchaseLine, PurchaseRequest, PurchaseStatus
from app.supply.requisitions import in_pieces
from app.supply.writing import MISSING, MOST_WORDS, Wanted, asked_for, claim, each_once, record
from app.work_orders.models import WorkOrder

EDIT = "purchases.edit"
NUMBER_PREFIX = "G"
KIND = "purchase"
STILL_TO_COME = (PurchaseStatus.SENT, PurchaseStatus.PARTLY_RECEIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a purchase request says; ``department`` gets it, ``order`` waits for it."""

    to_place: StockPlace | None
    lines: Sequence[Wanted]
    department: Department | None = None
    order: WorkOrder | None = None
    wanted_on: date | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a request, by id of its lines; ``costs`` are for one piece."""

    quantities: Mapping[int, Decimal]
    serials: Mapping[int, Sequence[str]]
    costs: Mapping[int, Decimal]


def draft(*, by: Actor, wanted: Purchase, form_token: str | None = None, at: datetime | None = None) -> PurchaseRequest:
    """Write a request. A form sent again changes nothing. Raises ``Invalid`` with the words beside each field, ``NotAllowed``."""
    by.require(EDIT)
    now, (place, lines) = at or clock.now(), _checked(wanted)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return PurchaseRequest.get_by_id(int(submissions.result_of(form_token)))
        row: PurchaseRequest = PurchaseRequest.create(
            number=numbering.next_number(NUMBER_PREFIX, now), status=PurchaseStatus.DRAFT, department=wanted.department, to_place=place,
            order=wanted.order, wanted_on=wanted.wanted_on, remark=wanted.remark.strip()[:MOST_WORDS], created_at=now, by=by.user_id,
            by_name=by.name,
        )  # fmt: skip
        _write_lines(row, lines)
        if form_token:
            submissions.settle(form_token, row.id)
        record(by, "drafted", KIND, row.number, parts={line.part.number: line.quantity for line in lines})
    return row


def change(*, by: Actor, request: PurchaseRequest, version: int, wanted: Purchase) -> None:
    """Write a draft anew. Raises as ``draft`` does, ``Conflict`` for one that is sent."""
    by.require(EDIT)
    place, lines = _checked(wanted)
    values = {"department": wanted.department, "to_place": place, "wanted_on": wanted.wanted_on}
    with db.transaction():
        claim(request, version, (PurchaseStatus.DRAFT,), remark=wanted.remark.strip()[:MOST_WORDS], **values)
        PurchaseLine.delete().where(PurchaseLine.request == request).execute()
        _write_lines(request, lines)
        record(by, "changed", KIND, request.number, parts={line.part.number: line.quantity for line in lines})


def _checked(wanted: Purchase) -> tuple[StockPlace, list[Wanted]]:
    if wanted.to_place is None or not wanted.to_place.is_store:
        raise Invalid(MISSING, fields={"to_place": N_("Choose the store.")})
    return wanted.to_place, each_once(wanted.lines)


def _write_lines(row: PurchaseRequest, lines: Sequence[Wanted]) -> None:
    for line in lines:
        PurchaseLine.create(request=row, part=line.part, asked=line.quantity, cost=line.amount)


def send(*, by: Actor, request: PurchaseRequest, version: int, at: datetime | None = None) -> None:
    """Send it to its department, by e-mail when that has an address. Raises ``Invalid`` without a department, ``Conflict``."""
    by.require(EDIT)
    if request.department is None:
        raise Invalid(N_("Say first which department buys: change the request."))
    now = at or clock.now()
    with db.transaction():
        claim(request, version, (PurchaseStatus.DRAFT,), status=PurchaseStatus.SENT, sent_at=now)
        if request.department.email:
            subject = f"[{request.number}] {say(None, N_('Purchase request'))}"
            key, about = f"purchase:{request.id}:sent", f"purchase {request.number}"
            outbox.queue_email(to=request.department.email, subject=subject, body=text_of(request), about=about, key=key, at=now)
        record(by, "sent", KIND, request.number, department=request.department.name)


def text_of(request: PurchaseRequest, locale: str | None = None) -> str:
    """The request as text, for the mail and for a messenger."""
    head = [f"【{say(locale, N_('Purchase request'))}】{request.number}"]
    if request.wanted_on:
        head.append(say(locale, N_("Needed by %(day)s"), day=f"{request.wanted_on:%Y-%m-%d}"))
    lines = [
        f"{line.part.number} {line.part.name} {line.part.drawing_number} × {line.asked.normalize():f} {line.part.unit}".replace("  ", " ")
        for line in lines_of(request)
    ]
    return "\n".join([*head, *lines, *([request.remark] if request.remark else []), request.by_name]) + "\n"


def receive(*, by: Actor, request: PurchaseRequest, version: int, came: Came, at: datetime | None = None) -> bool:
    """Book what came into the store (RECEIPT); returns whether the order that waited stands in the queue again.

    Raises ``Invalid`` for more than is still to come, ``Conflict``, ``NotAllowed``.
    """
    by.require(EDIT)
    now = at or clock.now()
    with db.transaction():
        lines = lines_of(request)
        given = asked_for(came.quantities, lines, {line.id: line.asked - line.received for line in lines})
        is_all = all(line.received + given.get(line.id, 0) >= line.asked for line in lines)
        status = PurchaseStatus.RECEIVED if is_all else PurchaseStatus.PARTLY_RECEIVED
        claim(request, version, STILL_TO_COME, status=status, received_at=now if is_all else None)
        for line in lines:
            if line.id in given:
                _book(by, request, line, given[line.id], came)
        record(by, "received", KIND, request.number, quantities={line.part.number: given[line.id] for line in lines if line.id in given})
        return is_all and request.order is not None and arrivals.parts_came(by, request.order, request.number, now)


def _book(by: Actor, request: PurchaseRequest, line: PurchaseLine, quantity: Decimal, came: Came) -> None:
    cost = came.costs.get(line.id, line.cost)
    PurchaseLine.update(received=PurchaseLine.received + quantity, cost=cost).where(PurchaseLine.id == line.id).execute()
    supplier, now = ledger.place_of(PlaceKind.SUPPLIER), request.received_at or clock.now()
    for serial, pieces in in_pieces(quantity, came.serials.get(line.id, ()), f"serials-{line.id}"):
        move = Move(
            kind=MovementKind.RECEIPT, part=line.part, quantity=pieces, from_place=supplier, to_place=request.to_place, serial=serial,
            about=request.number, cost=None if cost is None else line_amount(pieces, cost),
        )  # fmt: skip
        ledger.move(by, move, now)


def cancel(*, by: Actor, request: PurchaseRequest, version: int, at: datetime | None = None) -> None:
    """It is no longer needed; the department is told when it had it. Raises ``Conflict`` once something came."""
    by.require(EDIT)
    now, was_sent = at or clock.now(), request.status == PurchaseStatus.SENT
    with db.transaction():
        claim(request, version, (PurchaseStatus.DRAFT, PurchaseStatus.SENT), status=PurchaseStatus.CANCELLED)
        if was_sent and request.department and request.department.email:
            subject = say(None, N_("Purchase request %(number)s is withdrawn"), number=request.number)
            key, about = f"purchase:{request.id}:cancelled", f"purchase {request.number}"
            outbox.queue_email(to=request.department.email, subject=subject, body=f"{subject}\n", about=about, key=key, at=now)
        record(by, "withdrawn", KIND, request.number)


def end(*, by: Actor, request: PurchaseRequest, version: int, at: datetime | None = None) -> bool:
    """No more of it will come: what came is all; as ``receive`` does, it lets the order go on. Raises ``Conflict``, ``NotAllowed``."""
    by.require(EDIT)
    now = at or clock.now()
    with db.transaction():
        claim(request, version, (PurchaseStatus.PARTLY_RECEIVED,), status=PurchaseStatus.RECEIVED, received_at=now)
        record(by, "ended", KIND, request.number)
        return request.order is not None and arrivals.parts_came(by, request.order, request.number, now)


def lines_of(request: PurchaseRequest) -> list[PurchaseLine]:
    """Its lines with their parts, as they stand now."""
    return list(request.lines.order_by(PurchaseLine.id))
