"""Papers that move parts: from every state, by every operation, only what the papers allow happens; all else is refused in words and
moves nothing.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database, Model

from app.accounts.notices import Notice
from app.core import db
from app.core.errors import Conflict
from app.core.history import HistoryEntry
from app.core.outbox import OutboxMessage
from app.parts.models import StockBalance, StockMovement
from app.supply import parts_orders, purchases, requisitions, shipments
from app.supply.models import (
    PartsOrder,
    PartsOrderLine,
    PartsOrderStatus,
    PurchaseLine,
    PurchaseRequest,
    PurchaseStatus,
    Requisition,
    RequisitionLine,
    RequisitionStatus,
    Shipment,
)
from app.supply.parts_orders import Quote
from app.supply.purchases import Came, Purchase
from app.supply.writing import Wanted
from tests import jumps, money_factories, supply_factories
from tests.personas import People, actor_of, people

R, P, O = RequisitionStatus, PurchaseStatus, PartsOrderStatus  # noqa: E741 - the three papers
WATCHED: tuple[type[Model], ...] = (
    Requisition, RequisitionLine, PurchaseRequest, PurchaseLine, PartsOrder, PartsOrderLine, Shipment, StockBalance, StockMovement,
    HistoryEntry, Notice, OutboxMessage,
)  # fmt: skip
Way = Callable[[People, Any, int], object]
Ways = dict[str, tuple[Way, Any, tuple[Any, ...]]]


@pytest.fixture
def who(sqlite_database: Database) -> People:
    return people()


def half(rows: Any, column: str) -> dict[int, Decimal]:
    """One of the two pieces of each line."""
    return {row.id: getattr(row, column) / 2 for row in rows}


# Every operation: where it leads, and from where it is open.
REQUISITIONS: Ways = {
    "approve": (
        lambda who, row, version: requisitions.approve(by=actor_of(who.zhao), requisition=row, version=version),
        R.APPROVED,
        (R.REQUESTED,),
    ),
    "reject": (
        lambda who, row, version: requisitions.reject(by=actor_of(who.zhao), requisition=row, version=version, reason="x"),
        R.REJECTED,
        (R.REQUESTED,),
    ),
    "issue": (
        lambda who, row, version: requisitions.issue(
            by=actor_of(who.chen), requisition=row, version=version, quantities=half(requisitions.lines_of(row), "asked")
        ),
        R.ISSUED,
        (R.APPROVED,),
    ),
    "give_back": (
        lambda who, row, version: requisitions.give_back(
            by=actor_of(who.chen), requisition=row, version=version, quantities=half(requisitions.lines_of(row), "asked")
        ),
        R.CLOSED,
        (R.ISSUED,),
    ),
    "withdraw": (
        lambda who, row, version: requisitions.withdraw(by=actor_of(who.li), requisition=row, version=version),
        R.CANCELLED,
        (R.REQUESTED, R.APPROVED),
    ),
}
REQUISITION_PATHS: dict[RequisitionStatus, tuple[str, ...]] = {
    R.REQUESTED: (),
    R.APPROVED: ("approve",),
    R.ISSUED: ("approve", "issue"),
    R.CLOSED: ("approve", "issue", "give_back"),
    R.REJECTED: ("reject",),
    R.CANCELLED: ("withdraw",),
}


def written_anew(who: People, row: PurchaseRequest, version: int) -> None:
    wanted = Purchase(to_place=row.to_place, lines=[Wanted(purchases.lines_of(row)[0].part, Decimal(3))], department=row.department)
    purchases.change(by=actor_of(who.chen), request=row, version=version, wanted=wanted)


def came(row: PurchaseRequest) -> Came:
    """Half a piece of each line."""
    return Came(quantities={line.id: Decimal("0.5") for line in row.lines}, serials={}, costs={})


PURCHASES: Ways = {
    "change": (written_anew, P.DRAFT, (P.DRAFT,)),
    "send": (lambda who, row, version: purchases.send(by=actor_of(who.chen), request=row, version=version), P.SENT, (P.DRAFT,)),
    "receive_some": (
        lambda who, row, version: purchases.receive(by=actor_of(who.chen), request=row, version=version, came=came(row)),
        P.PARTLY_RECEIVED,
        (P.SENT, P.PARTLY_RECEIVED),
    ),
    "end": (
        lambda who, row, version: purchases.end(by=actor_of(who.chen), request=row, version=version),
        P.RECEIVED,
        (P.PARTLY_RECEIVED,),
    ),
    "cancel": (
        lambda who, row, version: purchases.cancel(by=actor_of(who.chen), request=row, version=version),
        P.CANCELLED,
        (P.DRAFT, P.SENT),
    ),
}
PURCHASE_PATHS: dict[PurchaseStatus, tuple[str, ...]] = {
    P.DRAFT: (),
    P.SENT: ("send",),
    P.PARTLY_RECEIVED: ("send", "receive_some"),
    P.RECEIVED: ("send", "receive_some", "end"),
    P.CANCELLED: ("cancel",),
}


def offered_anew(who: People, row: PartsOrder, version: int) -> None:
    line = Wanted(parts_orders.lines_of(row)[0].part, Decimal(1), amount=Decimal(80))
    parts_orders.change(by=actor_of(who.chen), order=row, version=version, wanted=Quote(customer=row.customer, lines=[line]))


def ship(who: People, row: PartsOrder, _version: int) -> None:
    wanted = [Wanted(line.part, line.quantity) for line in parts_orders.lines_of(row)]
    shipments.send(by=actor_of(who.chen), wanted=supply_factories.sending(*wanted, parts_order=row))


def receive(who: People, row: PartsOrder, _version: int) -> None:
    shipment = row.shipments.first()
    if shipment is None:
        raise Conflict("Nothing of it is on its way.")
    shipments.receive(by=actor_of(who.chen), shipment=shipment, version=shipment.version)


def invoice(who: People, row: PartsOrder, _version: int) -> None:
    with db.transaction():
        parts_orders.mark_invoiced(by=actor_of(who.chen), order=row)


PARTS_ORDERS: Ways = {
    "change": (offered_anew, O.QUOTE, (O.QUOTE,)),
    "release": (lambda who, row, _version: parts_orders.release(by=actor_of(who.chen), order=row, reason="x"), O.PAID, (O.QUOTE,)),
    "approve_credit": (
        lambda who, row, version: parts_orders.approve_credit(by=actor_of(who.liu), order=row, version=version, reason="x"),
        O.CREDIT_APPROVED,
        (O.QUOTE,),
    ),
    "ship": (ship, O.SHIPPED, parts_orders.RELEASED),
    "receive": (receive, O.RECEIVED, (O.SHIPPED,)),
    "cancel": (
        lambda who, row, version: parts_orders.cancel(by=actor_of(who.chen), order=row, version=version),
        O.CANCELLED,
        (O.QUOTE, *parts_orders.RELEASED),
    ),
}
PARTS_ORDER_PATHS: dict[PartsOrderStatus, tuple[str, ...]] = {
    O.QUOTE: (),
    O.PAID: ("release",),
    O.CREDIT_APPROVED: ("approve_credit",),
    O.SHIPPED: ("release", "ship"),
    O.RECEIVED: ("release", "ship", "receive"),
    O.CANCELLED: ("cancel",),
}
PAPERS: dict[str, tuple[Callable[[People], Any], Ways, dict[Any, tuple[str, ...]]]] = {
    "requisition": (lambda who: money_factories.requisition(technician=who.li), REQUISITIONS, REQUISITION_PATHS),
    "purchase": (lambda who: supply_factories.purchase(by=who.chen), PURCHASES, PURCHASE_PATHS),
    "parts_order": (lambda who: supply_factories.parts_order(by=who.chen), PARTS_ORDERS, PARTS_ORDER_PATHS),
}
EVERY = [(paper, present, name) for paper, (_make, ways, paths) in PAPERS.items() for present in paths for name in ways]

# But those that look at the paper as it is.
VERSIONED = [
    (paper, name) for paper, (_make, ways, _paths) in PAPERS.items() for name in ways if name not in ("ship", "receive", "release")
]


def brought_to(who: People, paper: str, status: Any) -> Any:
    make, ways, paths = PAPERS[paper]
    row = make(who)
    for name in paths[status]:
        fresh = type(row).get_by_id(row.id)
        ways[name][0](who, fresh, fresh.version)
    found = type(row).get_by_id(row.id)
    assert found.status == status
    return found


def test_it_works() -> None:
    """Each state of each paper is reached by its operations, but for the one that an invoice makes."""
    assert set(REQUISITION_PATHS) == set(R)
    assert set(PURCHASE_PATHS) == set(P)
    assert set(O) - set(PARTS_ORDER_PATHS) == {O.INVOICED}


@pytest.mark.parametrize(("paper", "present", "name"), EVERY)
def test_an_operation_does_what_the_paper_allows_and_moves_nothing_else(who: People, paper: str, present: Any, name: str) -> None:
    row = brought_to(who, paper, present)
    act, target, starts = PAPERS[paper][1][name]
    if present in starts:
        act(who, row, row.version)
        assert type(row).get_by_id(row.id).status == target
    else:
        jumps.is_refused(WATCHED, lambda: act(who, row, row.version))


@pytest.mark.parametrize(("paper", "name"), VERSIONED)
def test_who_saw_an_older_version_changes_nothing(who: People, paper: str, name: str) -> None:
    act, _target, starts = PAPERS[paper][1][name]
    row = brought_to(who, paper, starts[0])
    jumps.is_refused(WATCHED, lambda: act(who, row, row.version - 1))


@pytest.mark.parametrize("present", PARTS_ORDER_PATHS)
def test_an_invoice_moves_only_an_order_that_was_shipped(who: People, present: PartsOrderStatus) -> None:
    row, before = brought_to(who, "parts_order", present), jumps.rows(WATCHED)
    invoice(who, row, row.version)
    if present in (O.SHIPPED, O.RECEIVED):
        assert PartsOrder.get_by_id(row.id).status == O.INVOICED
    else:
        assert jumps.rows(WATCHED) == before
