"""Parts on their way to a customer or to a technician (发货, 2A-11, 2A-12, 2E-12): carrier, waybill, receiver, when they arrived.

A shipment to a customer for a work order passes the warranty gate; its way and proof stand on it. What is covered by the warranty,
a rework or a service agreement is not charged, everything else is and waits for its invoice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core import clock, db, numbering, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, PlaceKind, StockPlace
from app.supply import arrivals, parts_orders, vans
from app.supply.models import PartsOrder, PartsOrderStatus, Route, Shipment, ShipmentLine
from app.supply.requisitions import in_pieces
from app.supply.writing import MISSING, Wanted, claim, each_once, record
from app.work_orders import gate
from app.work_orders.gate import GateWay
from app.work_orders.models import DONE_STATUSES, OrderStatus, WorkOrder

EDIT = "shipments.edit"
NUMBER_PREFIX = "F"
KIND = "shipment"
NOT_CHARGED = (GateWay.IN_WARRANTY, GateWay.REWORK, GateWay.SERVICE_AGREEMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What goes where. For a parts order or a work order, one of them; ``is_to_van``: to the technician of the order, not the customer."""

    from_place: StockPlace | None
    route: Route
    lines: Sequence[Wanted]
    parts_order: PartsOrder | None = None
    order: WorkOrder | None = None
    is_to_van: bool = False
    carrier: str = ""
    waybill: str = ""
    receiver: str = ""
    phone: str = ""
    address: str = ""
    cost: Decimal | None = None


def send(*, by: Actor, wanted: Sending, form_token: str | None = None, at: datetime | None = None) -> Shipment:
    """Ship ``wanted`` out of its store (SHIPPED). A form sent again changes nothing.

    Raises ``Invalid`` with the words beside each field (the store holds too little, more than was ordered), ``Conflict`` (not paid or
    approved yet, the gate is shut), ``NotAllowed``.
    """
    by.require(EDIT)
    now, lines = at or clock.now(), _checked(wanted)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Shipment.get_by_id(int(submissions.result_of(form_token)))
        values = _of_parts_order(wanted.parts_order, lines) if wanted.parts_order else _of_order(by, wanted, now)
        row: Shipment = Shipment.create(
            number=numbering.next_number(NUMBER_PREFIX, now), from_place=wanted.from_place, route=wanted.route, cost=wanted.cost,
            sent_at=now, by=by.user_id, by_name=by.name,
            **{name: getattr(wanted, name).strip()[:most] for name, most in _WORDS.items()}, **values,
        )  # fmt: skip
        if form_token:
            submissions.settle(form_token, row.id)
        for number, line in enumerate(lines):
            _load(by, row, line, number, now)
        if wanted.parts_order is not None:
            _note_shipped(by, wanted.parts_order, now)
        record(by, "sent", KIND, row.number, parts={line.part.number: line.quantity for line in lines}, waybill=row.waybill)
    return row


_WORDS = {"carrier": 60, "waybill": 60, "receiver": 60, "phone": 30, "address": 200}


def _checked(wanted: Sending) -> list[Wanted]:
    wrong = {}
    if wanted.from_place is None or not wanted.from_place.is_store:
        wrong["from_place"] = N_("Choose the store.")
    if not wanted.receiver.strip():
        wrong["receiver"] = N_("Who receives it?")
    if not wanted.address.strip() and not wanted.is_to_van:
        wrong["address"] = N_("Where does it go?")
    if wanted.route == Route.OUTSIDE and not wanted.carrier.strip():
        wrong["carrier"] = N_("Outside the province a carrier brings it: which?")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    if (wanted.parts_order is None) == (wanted.order is None):
        raise Invalid(N_("A shipment is for a parts order or for a work order."))
    return each_once(wanted.lines)


def _of_parts_order(order: PartsOrder, lines: Sequence[Wanted]) -> dict[str, Any]:
    present = db.for_update(PartsOrder.select().where(PartsOrder.id == order.id)).get()
    if present.status not in parts_orders.RELEASED:
        words = N_("These parts are not paid, and no credit is approved: nothing is shipped yet.")
        raise Conflict(words if present.status == PartsOrderStatus.QUOTE else N_("Nothing of this order is to be shipped any more."))
    if present.status == PartsOrderStatus.CREDIT_APPROVED and present.customer.service_stopped_at is not None:
        raise Conflict(N_("Off-warranty service of this customer is suspended because money is owed: only paid parts are shipped."))
    left = parts_orders.still_to_ship(present)
    wrong = {
        f"line-{n}-quantity": N_("No more than was ordered and not shipped yet.")
        for n, line in enumerate(lines)
        if line.quantity > left.get(line.part.id, Decimal(0))
    }
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    return {"parts_order": present, "customer": present.customer, "to_place": ledger.place_of(PlaceKind.CUSTOMER), "is_chargeable": True}


def _of_order(by: Actor, wanted: Sending, now: datetime) -> dict[str, Any]:
    order = wanted.order
    assert order is not None
    if order.status in (OrderStatus.CANCELLED, *DONE_STATUSES):
        raise Conflict(N_("This order is over: nothing is shipped for it any more."))
    if wanted.is_to_van:
        if order.lead is None:
            raise Invalid(MISSING, fields={"is_to_van": N_("Nobody has this order: ship to the customer, or send somebody first.")})
        return {"order": order, "customer": order.customer, "to_place": vans.of(by, order.lead)}
    passage = gate.check_repair(order, now)
    values = {"is_chargeable": passage.way not in NOT_CHARGED, "gate_way": passage.way.value, "gate_proof": passage.proof[:200]}
    return {"order": order, "customer": order.customer, "to_place": ledger.place_of(PlaceKind.CUSTOMER), **values}


def _load(by: Actor, row: Shipment, line: Wanted, number: int, now: datetime) -> None:
    for serial, pieces in in_pieces(line.quantity, line.serials, f"line-{number}-serials"):
        move = Move(
            kind=MovementKind.SHIPPED, part=line.part, quantity=pieces, from_place=row.from_place, to_place=row.to_place, about=row.number,
            serial=serial, remark=row.waybill,
        )  # fmt: skip
        try:
            moved = ledger.move(by, move, now)
        except Invalid as error:
            raise Invalid(
                error.message, fields={f"line-{number}-quantity": N_("There is not so much in this store.")}, **error.params
            ) from None
        ShipmentLine.create(shipment=row, part=line.part, quantity=pieces, unit=moved.unit_id)


def _note_shipped(by: Actor, order: PartsOrder, now: datetime) -> None:
    """The order is shipped when nothing of it is left."""
    present = PartsOrder.get_by_id(order.id)
    if not parts_orders.still_to_ship(present):
        claim(present, present.version, parts_orders.RELEASED, status=PartsOrderStatus.SHIPPED, shipped_at=now)
        record(by, "shipped", parts_orders.KIND, present.number)


def receive(*, by: Actor, shipment: Shipment, version: int, receiver: str = "", at: datetime | None = None) -> bool:
    """It has arrived; returns whether the work order that waited for it stands in the queue again. Raises ``Conflict`` the second time."""
    by.require(EDIT)
    now = at or clock.now()
    with db.transaction():
        if Shipment.select().where(Shipment.id == shipment.id, Shipment.received_at.is_null(False)).exists():
            raise Conflict(N_("Somebody noted already that it has arrived."))
        name = receiver.strip()[:60] or shipment.receiver
        claim(shipment, version, received_at=now, received_by_name=name)
        record(by, "received", KIND, shipment.number, receiver=name)
        if shipment.parts_order is not None:
            _note_received(by, shipment.parts_order, now)
        return shipment.order is not None and arrivals.parts_came(by, shipment.order, shipment.number, now)


def _note_received(by: Actor, order: PartsOrder, now: datetime) -> None:
    if Shipment.select().where(Shipment.parts_order == order, Shipment.received_at.is_null()).exists():
        return
    present = PartsOrder.get_by_id(order.id)
    to = {PartsOrderStatus.SHIPPED: PartsOrderStatus.RECEIVED, PartsOrderStatus.INVOICED: PartsOrderStatus.INVOICED}.get(present.status)
    if to is not None:
        claim(present, present.version, (present.status,), status=to, received_at=now)
        record(by, "received", parts_orders.KIND, present.number)


def lines_of(shipment: Shipment) -> list[ShipmentLine]:
    """Its lines with their parts and units."""
    return list(shipment.lines.order_by(ShipmentLine.id))


def sent_to_customer(order: WorkOrder, part_id: int) -> Decimal:
    """How much of a part was shipped to the customer for ``order``: it is there, no van has it."""
    query = ShipmentLine.select(ShipmentLine, Shipment, StockPlace).join(Shipment).join(StockPlace, on=Shipment.to_place)
    query = query.where(Shipment.order == order, ShipmentLine.part == part_id, StockPlace.kind == PlaceKind.CUSTOMER)
    return sum((line.quantity for line in query), Decimal(0))
