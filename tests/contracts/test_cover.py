"""The gate off warranty: what opens it, what keeps it shut, and that no path leads around it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app import wiring  # noqa: F401  # the rules that upper layers add
from app.accounts.models import Role, User
from app.contracts import approval, operations, signing
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.core import clock, db
from app.core.errors import Conflict
from app.core.types import Actor
from app.customers.models import Customer
from app.machines.models import Machine
from app.work_orders import dispatching, gate, planning, progress
from app.work_orders.gate import GateWay
from app.work_orders.models import OrderKind, OrderStatus, WorkOrder
from app.work_orders.visits import Assignment
from tests import factories
from tests.money_factories import contract, drawn
from tests.personas import actor_of, make_user

S = ContractStatus


@pytest.fixture(autouse=True)
def here(database: Database) -> None:
    pass


@pytest.fixture
def lead() -> User:
    return make_user(Role.TECHNICIAN, name="李师傅")


@pytest.fixture
def manager() -> Actor:
    return actor_of(make_user(Role.MANAGER))


def off(lead: User | None = None, **values: object) -> WorkOrder:
    """An off-warranty order; with a ``lead`` they are on site."""
    status = values.pop("status", OrderStatus.ON_SITE if lead else OrderStatus.DRAFT)
    return factories.work_order(**{"warranty": "off", "lead": lead, "status": status} | values)


def way(order: WorkOrder) -> GateWay | None:
    passage = gate.passage(WorkOrder.get_by_id(order.id), clock.now())
    return passage.way if passage else None


def agreement(machine: Machine, **values: object) -> Contract:
    today = clock.today()
    term = {"valid_from": today - timedelta(days=1), "valid_until": today + timedelta(days=1), "machines": [machine]}
    return contract(S.SIGNED, machine=machine, kind=ContractKind.AGREEMENT, **term | values)


def assignment(lead: User) -> Assignment:
    start = clock.now() + timedelta(hours=1)
    return Assignment(lead=lead, planned_from=start, planned_until=start + timedelta(hours=2))


def test_it_works(lead: User) -> None:
    order = off(lead, kind=OrderKind.DIAGNOSIS)
    made = contract(S.APPROVED, order=order)
    me = actor_of(lead)
    with pytest.raises(Conflict, match="Off warranty nothing may be repaired"):
        progress.begin_repair(by=me, order=order)
    signing.sign(by=me, contract=made, drawn=drawn(made))
    progress.begin_repair(by=me, order=order)
    assert gate.passage(order, clock.now()) == gate.Passage(GateWay.CONTRACT, made.number)
    assert Contract.get().status == S.IN_EXECUTION
    progress.finish(by=me, order=order, version=order.version)
    stored = Contract.get()
    assert (stored.status, stored.completed_at is not None) == (S.COMPLETED, True)


@pytest.mark.parametrize("status", [S.DRAFT, S.SUBMITTED, S.REJECTED, S.APPROVED])
def test_what_the_customer_has_not_signed_opens_nothing(status: ContractStatus) -> None:
    order = off()
    contract(status, order=order)
    assert way(order) is None


def test_a_void_contract_opens_nothing(manager: Actor) -> None:
    order = off()
    made = contract(S.SIGNED, order=order)
    operations.void(by=manager, contract=made, version=made.version, reason="客户取消")
    assert way(order) is None


def test_a_contract_covers_the_orders_of_its_ticket_and_no_others(lead: User) -> None:
    machine = factories.machine()
    ticket = factories.ticket(machine=machine)
    diagnosed = off(lead, machine=machine, ticket=ticket, kind=OrderKind.DIAGNOSIS, status=OrderStatus.FINISHED)
    contract(S.SIGNED, order=diagnosed)
    same, other = off(machine=machine, ticket=ticket), off(machine=machine, ticket=factories.ticket(machine=machine))
    assert (way(same), way(other)) == (GateWay.CONTRACT, None)


def test_a_contract_for_a_machine_alone_covers_one_repair_of_it(lead: User) -> None:
    machine = factories.machine()
    contract(S.SIGNED, machine=machine)
    first, second = off(lead, machine=machine, kind=OrderKind.DIAGNOSIS), off(machine=machine)
    assert way(off()) is None
    assert (way(first), way(second)) == (GateWay.CONTRACT, GateWay.CONTRACT)
    progress.begin_repair(by=actor_of(lead), order=first)
    assert (way(first), way(second)) == (GateWay.CONTRACT, None)


def test_a_contract_of_the_former_owner_covers_nothing() -> None:
    machine = factories.machine()
    contract(S.SIGNED, machine=machine)
    agreement(machine)
    with db.transaction():
        Machine.update(customer=factories.customer()).execute()
    assert way(off(machine=Machine.get())) is None


def test_a_quote_confirmed_by_the_deputy_and_signed_opens_it() -> None:
    order = off()
    made = contract(S.SUBMITTED, order=order, kind=ContractKind.QUOTE, price=Decimal(2999))
    approval.approve(by=actor_of(make_user(Role.DEPUTY)), contract=made, version=made.version)
    assert way(order) is None
    signing.sign(by=actor_of(made.author), contract=made, drawn=drawn(made))
    assert way(order) == GateWay.QUOTE


def test_an_agreement_covers_its_machines_on_its_days() -> None:
    machine, other = factories.machine(), factories.machine()
    made = agreement(machine)
    assert (way(off(machine=machine)), way(off(machine=other))) == (GateWay.SERVICE_AGREEMENT, None)
    order, day = off(machine=machine), clock.now()
    assert gate.passage(order, day + timedelta(days=1)) is not None
    assert gate.passage(order, day + timedelta(days=2)) is None
    assert gate.passage(order, day - timedelta(days=2)) is None
    assert gate.passage(order, day) == gate.Passage(GateWay.SERVICE_AGREEMENT, made.number)


def test_a_contract_is_signed_again_when_its_order_is_called_off(lead: User, manager: Actor) -> None:
    order = off(lead, kind=OrderKind.DIAGNOSIS)
    contract(S.SIGNED, order=order)
    progress.begin_repair(by=actor_of(lead), order=order)
    dispatching.call_off(by=manager, order=order, version=order.version, reason="客户停机")
    assert Contract.get().status == S.SIGNED


def test_finishing_taken_back_is_execution_again(lead: User) -> None:
    order = off(lead)
    contract(S.SIGNED, order=order)
    me = actor_of(lead)
    progress.finish(by=me, order=order, version=order.version)
    assert Contract.get().status == S.COMPLETED
    progress.take_back_finish(by=me, order=order, version=order.version)
    assert (Contract.get().status, Contract.get().completed_at) == (S.IN_EXECUTION, None)


def test_an_order_under_an_agreement_uses_up_no_contract_of_the_machine(lead: User) -> None:
    machine = factories.machine()
    agreement(machine)
    spare = contract(S.SIGNED, machine=machine)
    order = off(lead, machine=machine)
    progress.finish(by=actor_of(lead), order=order, version=order.version)
    assert Contract.get_by_id(spare.id).status == S.SIGNED


# --- a customer whose service is suspended ---------------------------------------


def suspended(machine: Machine) -> Machine:
    with db.transaction():
        Customer.update(service_stopped_at=clock.now()).where(Customer.id == machine.customer_id).execute()
    found: Machine = Machine.get_by_id(machine.id)
    return found


def test_a_suspended_customer_gets_nothing_off_warranty_but_what_is_about_safety(manager: Actor) -> None:
    machine = factories.machine()
    agreement(machine)
    machine = suspended(machine)
    assert way(off(machine=machine)) is None
    assert way(off(machine=machine, priority="critical")) == GateWay.SERVICE_AGREEMENT
    assert way(off(machine=machine, is_stop=True)) == GateWay.SERVICE_AGREEMENT
    assert way(factories.work_order(machine=machine, status=OrderStatus.DRAFT)) == GateWay.IN_WARRANTY
    order = off(machine=machine)
    for check in (gate.check_visit, gate.check_repair):
        with pytest.raises(Conflict, match="suspended because of what it owes"):
            check(order, clock.now())
    gate.override(by=manager, order=order, reason="站里停运")
    assert way(order) == GateWay.OVERRIDE


# --- every path -------------------------------------------------------------------


def test_no_dispatch_before_the_signature(lead: User, manager: Actor) -> None:
    order = off()
    with pytest.raises(Conflict):
        dispatching.dispatch(by=manager, order=order, version=order.version, assignment=assignment(lead))
    contract(S.SIGNED, order=order)
    dispatching.dispatch(by=manager, order=order, version=order.version, assignment=assignment(lead))
    assert order.lead == lead


def test_no_reassignment_once_the_contract_is_void(lead: User, manager: Actor) -> None:
    order = off()
    made = contract(S.SIGNED, order=order)
    dispatching.dispatch(by=manager, order=order, version=order.version, assignment=assignment(lead))
    operations.void(by=manager, contract=made, version=made.version, reason="客户取消")
    other = make_user(Role.TECHNICIAN)
    with pytest.raises(Conflict):
        dispatching.reassign(by=manager, order=order, version=order.version, assignment=assignment(other), reason="请假")


def test_several_in_one_trip_send_a_diagnosis_where_nothing_covers_it(lead: User) -> None:
    shut, covered = off(), off()
    contract(S.SIGNED, order=covered)
    now = clock.now()
    assert planning.passable(planning.job_of(shut), now, shut).kind == OrderKind.DIAGNOSIS
    assert planning.passable(planning.job_of(covered), now, covered).kind == OrderKind.REPAIR


def test_parts_to_a_customer_pass_the_same_gate(manager: Actor, lead: User) -> None:
    order = off(kind=OrderKind.PARTS_DELIVERY)
    with pytest.raises(Conflict):
        dispatching.dispatch(by=manager, order=order, version=order.version, assignment=assignment(lead))
    contract(S.SIGNED, order=order)
    dispatching.dispatch(by=manager, order=order, version=order.version, assignment=assignment(lead))
    assert order.lead == lead


def test_the_last_day_of_an_agreement_is_a_day_of_the_deployment() -> None:
    machine = factories.machine()
    agreement(machine, valid_from=date(2026, 1, 1), valid_until=date(2026, 6, 30))
    order = off(machine=machine)
    last = clock.end_of(date(2026, 6, 30))
    assert gate.passage(order, last - timedelta(seconds=1)) is not None
    assert gate.passage(order, last) is None
