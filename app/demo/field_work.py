"""What technicians did in the demo world: orders dispatched, accepted, worked off; and what is under way today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from app.accounts.models import Role, User, UserArea, UserRole
from app.customers.models import Project
from app.demo import paperwork
from app.demo.people import Staff, acting
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.tickets.models import Priority, Ticket, TicketStatus
from app.work_orders import dispatching, progress
from app.work_orders.dispatching import Job
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from app.work_orders.visits import Assignment

if TYPE_CHECKING:
    from app.demo.past import Story

WATCHER, GAS = "站长", "O2 20.9 %，H2S 0 ppm，CH4 0 %LEL"
HOUR = timedelta(hours=1)


def send_somebody(story: Story, ticket_id: int, ends: TicketStatus, at: datetime) -> None:
    """Dispatch the ticket to a technician of its area, who then works it off unless it ends in work."""
    ticket = Ticket.get_by_id(ticket_id)
    if ticket.status != TicketStatus.WAITING_DISPATCH:
        return
    lead = technician_for(ticket.area_id, story.dice.randrange(10))
    order = dispatch(story.staff, dispatching.of_ticket(ticket), lead, at=at, planned_from=at + HOUR)
    story.at(at + timedelta(minutes=6), partial(_step, order, progress.accept, lead))
    if ends in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        story.at(at + 0.7 * HOUR, partial(_step, order, progress.set_off, lead))
        story.at(at + 1.6 * HOUR, partial(_arrive, order, lead))
        story.at(at + 3.5 * HOUR, partial(_step, order, progress.finish, lead))
        paperwork.follow(story, order, lead, at + 3.5 * HOUR)


def dispatch(staff: Staff, job: Job, lead: User, *, at: datetime, planned_from: datetime) -> WorkOrder:
    """Give ``job`` to ``lead``; off warranty they go to diagnose."""
    if job.kind == OrderKind.REPAIR and job.machine is not None and not _is_in_warranty(job, at):
        job = replace(job, kind=OrderKind.DIAGNOSIS)
    planned_from = planned_from.replace(minute=planned_from.minute // 30 * 30, second=0, microsecond=0)
    assignment = Assignment(lead=lead, planned_from=planned_from, planned_until=planned_from + 2 * HOUR)
    return dispatching.dispatch_ticket(by=staff["deputy"], job=job, assignment=assignment, at=at)


def _is_in_warranty(job: Job, at: datetime) -> bool:
    return dispatching.warranty_of(job, at) == WarrantyState.IN


def technician_for(area_id: int | None, number: int) -> User:
    """One of the technicians of an area, by ``number``; anybody where none works there."""
    held = User.select().join(UserRole, on=UserRole.user == User.id).where(UserRole.role == Role.TECHNICIAN)
    there = list(held.where(User.id.in_(UserArea.select(UserArea.user).where(UserArea.area == area_id))).order_by(User.id))
    found = there or list(held.order_by(User.id))
    user: User = found[number % len(found)]
    return user


def _step(order: WorkOrder, go: Callable[..., None], lead: User, at: datetime) -> None:
    present = WorkOrder.get_by_id(order.id)
    go(by=acting(lead), order=present, version=present.version, at=at)


def _arrive(order: WorkOrder, lead: User, at: datetime) -> None:
    arrive = partial(progress.arrive, watcher=WATCHER, gas_reading=GAS, is_stop_confirmed=True)
    _step(order, arrive, lead, at)


@dataclass(frozen=True, slots=True)
class Today:
    """An order of these days: which machine, what for, hours from now when the visit is planned, and how far it is."""

    machine: int
    kind: OrderKind
    title: str
    planned: float
    reaches: OrderStatus
    why: str = ""


TODAY = (
    Today(4, OrderKind.INSPECTION, "季度巡检", -3.0, OrderStatus.ON_SITE),
    Today(14, OrderKind.MAINTENANCE, "1000 小时保养", -0.5, OrderStatus.TRAVELLING),
    Today(10, OrderKind.REPAIR, "左侧举升缓慢", 2.5, OrderStatus.ACCEPTED),
    Today(27, OrderKind.REPAIR, "控制柜指示灯不亮", 1.0, OrderStatus.DISPATCHED),
    Today(38, OrderKind.REPAIR, "推板油缸内漏", -28, OrderStatus.WAITING_PARTS, "油缸密封包 1 套，等采购"),
    Today(20, OrderKind.REPAIR, "液压站异响", -5, OrderStatus.DECLINED, "车辆故障，今天到不了"),
    Today(19, OrderKind.MAINTENANCE, "季度保养", -26, OrderStatus.FINISHED),
    Today(42, OrderKind.INSPECTION, "季度巡检", -75, OrderStatus.FINISHED),
    Today(6, OrderKind.TRAINING, "新操作工培训", 22, OrderStatus.ACCEPTED),
    Today(16, OrderKind.MAINTENANCE, "更换液压油和滤芯", 26, OrderStatus.ACCEPTED),
    Today(11, OrderKind.INSPECTION, "季度巡检", 48, OrderStatus.DISPATCHED),
    Today(13, OrderKind.SPOT_CHECK, "出厂一年抽检", 72, OrderStatus.ACCEPTED),
)
WAYS: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.ACCEPTED: (OrderStatus.ACCEPTED,),
    OrderStatus.TRAVELLING: (OrderStatus.ACCEPTED, OrderStatus.TRAVELLING),
    OrderStatus.ON_SITE: (OrderStatus.ACCEPTED, OrderStatus.TRAVELLING, OrderStatus.ON_SITE),
    OrderStatus.WAITING_PARTS: (OrderStatus.ACCEPTED, OrderStatus.TRAVELLING, OrderStatus.ON_SITE, OrderStatus.WAITING_PARTS),
    OrderStatus.FINISHED: (OrderStatus.ACCEPTED, OrderStatus.TRAVELLING, OrderStatus.ON_SITE, OrderStatus.FINISHED),
    OrderStatus.DECLINED: (OrderStatus.DECLINED,),
}


def work_of_today(staff: Staff, machines: list[Machine], now: datetime) -> None:
    """What is under way and what waits in the dispatch queue."""
    for number, one in enumerate(TODAY):
        _begin(staff, Machine.get_by_id(machines[one.machine].id), one, number, now)
    machine = Machine.get_by_id(machines[24].id)
    dispatching.create(
        by=staff["clerk"], job=Job(kind=OrderKind.MAINTENANCE, title="半年保养", machine=machine, priority=Priority.LOW), at=now - 20 * HOUR
    )
    project = Project.get(Project.contract_number == "XS2026-031")
    job = Job(kind=OrderKind.PIT_GUIDANCE, title="地坑基础放线指导", project=project, priority=Priority.LOW, wanted_at=now + 70 * HOUR)
    dispatching.create(by=staff["clerk"], job=job, at=now - 6 * HOUR)


def _begin(staff: Staff, machine: Machine, one: Today, number: int, now: datetime) -> None:
    lead = technician_for(machine.area_id, number)
    planned = now + one.planned * HOUR
    at = min(planned - HOUR, now - timedelta(minutes=4))
    order = dispatch(staff, Job(kind=one.kind, title=one.title, machine=machine), lead, at=at, planned_from=planned)
    goes: dict[OrderStatus, Callable[[datetime], None]] = {
        OrderStatus.ACCEPTED: partial(_step, order, progress.accept, lead),
        OrderStatus.TRAVELLING: partial(_step, order, progress.set_off, lead),
        OrderStatus.ON_SITE: partial(_arrive, order, lead),
        OrderStatus.WAITING_PARTS: partial(_step, order, partial(progress.wait_for_parts, reason=one.why), lead),
        OrderStatus.FINISHED: partial(_report_and_finish, order, lead),
        OrderStatus.DECLINED: partial(_step, order, partial(progress.decline, reason=one.why), lead),
    }
    for step, status in enumerate(WAYS.get(one.reaches, ()), start=1):
        goes[status](min(at + timedelta(minutes=20 * step), now))


def _report_and_finish(order: WorkOrder, lead: User, at: datetime) -> None:
    paperwork.write_report(order, lead, 0, at)
    _step(order, progress.finish, lead, at)
