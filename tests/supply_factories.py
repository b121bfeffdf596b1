"""Papers that move parts, made through the operations, for tests."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.accounts.models import Department, Role, User
from app.accounts.permissions import permissions_of
from app.core.types import Actor, system
from app.parts import ledger
from app.parts.models import PlaceKind
from app.supply import parts_orders, purchases, shipments
from app.supply.models import PartsOrder, PurchaseRequest, Route, Shipment
from app.supply.parts_orders import Quote
from app.supply.purchases import Purchase
from app.supply.shipments import Sending
from app.supply.writing import Wanted
from tests import factories
from tests.money_factories import stocked
from tests.personas import actor_of, make_user


def lines(*wanted: Wanted) -> Sequence[Wanted]:
    """``wanted``, or two pieces of a part of which the main store holds ten, at 100 with 13 % tax."""
    return wanted or [Wanted(stocked(), Decimal(2), amount=Decimal(100), rate=Decimal("0.13"))]


def _at_the_desk(by: User) -> Actor:
    return replace(actor_of(by), permissions=permissions_of(frozenset({Role.CLERK})))


def purchase(*, by: User, wanted: Sequence[Wanted] = (), **values: Any) -> PurchaseRequest:
    """A draft for the main store and a department with an address."""
    department = Department.get_or_none(Department.name == "采购办") or factories.department(name="采购办", email="buy@example.com")
    place = ledger.place_of(PlaceKind.MAIN)
    return purchases.draft(by=_at_the_desk(by), wanted=Purchase(to_place=place, lines=lines(*wanted), department=department, **values))


def parts_order(*, by: User, wanted: Sequence[Wanted] = (), form_token: str | None = None, **values: Any) -> PartsOrder:
    """A quote for a customer (a new one unless given)."""
    customer = values.pop("customer", None) or factories.customer()
    return parts_orders.quote(by=_at_the_desk(by), wanted=Quote(customer=customer, lines=lines(*wanted), **values), form_token=form_token)


def sending(*wanted: Wanted, **values: Any) -> Sending:
    """A shipment out of the main store inside the province."""
    defaults = {"from_place": ledger.place_of(PlaceKind.MAIN), "route": Route.INSIDE, "receiver": "张站长", "address": "河滨路 1 号"}
    return Sending(**{"lines": lines(*wanted), **defaults, **values})


def shipment(**values: Any) -> Shipment:
    """A shipment for a work order in warranty (a new one unless given)."""
    if "parts_order" not in values:
        values.setdefault("order", factories.work_order(lead=make_user(Role.TECHNICIAN)))
    return shipments.send(by=system("tests"), wanted=sending(**values))
