"""Contracts of the demo world: what is agreed, what waits for approval, what the customer has yet to sign."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

from app.contracts import approval, operations, signing
from app.contracts.clauses import usual_text
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.contracts.operations import About, Line, Terms
from app.contracts.signing import Drawn
from app.core import clock
from app.core.types import Actor
from app.demo.paperwork import STROKES
from app.demo.people import Staff, acting
from app.machines.models import Machine
from app.work_orders.models import OrderKind, WorkOrder

GOODS, SERVICE = Decimal("0.13"), Decimal("0.06")
D = Decimal
# what, quantity, unit, price with tax, tax rate
SEALS = (
    ("油缸密封修理包", D(1), "套", D(1280), GOODS),
    ("液压油 46# 补充", D(20), "L", D(18), GOODS),
    ("拆装与试机人工", D(6), "工时", D(150), GOODS),
)
PUMP = (
    ("主油泵总成", D(1), "台", D(9600), GOODS),
    ("联轴器弹性体", D(2), "件", D(160), GOODS),
    ("拆装与试机人工", D(10), "工时", D(150), GOODS),
)
SWITCH = (("接近开关", D(2), "只", D(260), GOODS), ("更换与校准人工", D(2), "工时", D(150), GOODS))
YEAR = (("年度维保服务（四次保养）", D(2), "台", D(12800), SERVICE),)
Rows = tuple[tuple[str, Decimal, str, Decimal, Decimal], ...]


def agree(staff: Staff, machines: list[Machine], now: datetime) -> None:
    """A service agreement in force, one repair signed, one approved, and two that wait for the manager and the deputy."""
    old = [machine for machine in machines if machine.customer_id is not None and machine.accepted_on is not None]
    old = [machine for machine in old if (clock.day_of(now) - machine.accepted_on).days > 420]
    if len(old) < 5:
        return
    clerk, manager = staff["clerk"], staff["manager"]
    _agreement(clerk, manager, old[-1], now - timedelta(days=12))
    signed = _made(clerk, About(customer=old[0].customer, machine=old[0]), "更换油缸密封", SEALS, now - timedelta(days=6), cost=D(1450))
    _sign(clerk, _approved(clerk, manager, signed, now - timedelta(days=6)), now - timedelta(days=5))
    waits = _made(clerk, About(customer=old[1].customer, machine=old[1]), "更换接近开关", SWITCH, now - timedelta(days=2), cost=D(390))
    _approved(clerk, manager, waits, now - timedelta(days=2))
    pump = _made(clerk, About(customer=old[2].customer, machine=old[2]), "更换主油泵", PUMP, now - timedelta(hours=3), cost=D(6900))
    operations.submit(by=clerk, contract=pump, version=pump.version, at=now - timedelta(hours=3))
    _on_the_job(now)


def _on_the_job(now: datetime) -> None:
    """A technician on a diagnosis waits for the deputy."""
    out = WorkOrder.select().where(WorkOrder.is_out, WorkOrder.kind == OrderKind.DIAGNOSIS, WorkOrder.customer.is_null(False))
    order = out.order_by(WorkOrder.id).first()
    if order is None:
        return
    me, at = acting(order.lead), now - timedelta(minutes=9)
    quote = _made(me, operations.about_order(order), order.title, SWITCH, at, kind=ContractKind.QUOTE)
    operations.submit(by=me, contract=quote, version=quote.version, at=at)


def _agreement(clerk: Actor, manager: Actor, machine: Machine, at: datetime) -> None:
    day = clock.day_of(at)
    same = list(Machine.select().where(Machine.customer == machine.customer_id).order_by(Machine.id).limit(2))
    terms = Terms(
        kind=ContractKind.AGREEMENT, title="年度维保合同", lines=_lines(YEAR), text=usual_text(ContractKind.AGREEMENT), valid_from=day,
        valid_until=day + timedelta(days=364), machines=same, cost=D(15600),
    )  # fmt: skip
    made = operations.draft(by=clerk, about=About(customer=machine.customer, machine=machine), terms=terms, at=at)
    _sign(clerk, _approved(clerk, manager, made, at), at + timedelta(hours=4))


def _made(
    by: Actor,
    about: About,
    title: str,
    rows: Rows,
    at: datetime,
    *,
    kind: ContractKind = ContractKind.REPAIR,
    cost: Decimal | None = None,
) -> Contract:
    terms = Terms(kind=kind, title=title, lines=_lines(rows), text=usual_text(kind), cost=cost)
    return operations.draft(by=by, about=about, terms=terms, at=at)


def _lines(rows: Rows) -> list[Line]:
    return [Line(text=text, quantity=quantity, unit=unit, price=price, tax_rate=rate) for text, quantity, unit, price, rate in rows]


def _approved(clerk: Actor, manager: Actor, contract: Contract, at: datetime) -> Contract:
    operations.submit(by=clerk, contract=contract, version=contract.version, at=at)
    approval.approve(by=manager, contract=contract, version=contract.version, at=at + timedelta(minutes=40))
    return contract


def _sign(clerk: Actor, contract: Contract, at: datetime) -> None:
    if contract.status == ContractStatus.APPROVED:
        drawn = Drawn(signer="张站长", strokes=json.dumps(STROKES), seen=contract.digest or "")
        signing.sign(by=clerk, contract=contract, drawn=drawn, at=at)
