"""Two people do to one contract, payment, store or returned part at the same moment what excludes itself: one of them does it, the other is
told so; accounts and ledger add up in every end state, and the history verifies.

Two hundred rounds each with FAULTS=long.
"""

import os
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from peewee import Database

from app.accounts.models import Role
from app.billing import accounts, payments
from app.billing.models import Allocation, Payment, Receivable
from app.contracts import approval
from app.contracts.models import Contract, ContractStatus, ContractStep
from app.core import clock, db, history
from app.core.errors import Conflict, Invalid
from app.core.types import Actor, system
from app.parts import counting, ledger
from app.parts.counting import Said
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PlaceKind, StockCount, StockCountLine
from app.returns import nonconformities
from app.returns.models import DefectiveReturn, Nonconformity, ReturnStatus
from app.returns.nonconformities import Described
from app.supply import requisitions
from app.supply.models import Requisition, RequisitionStatus
from app.supply.writing import Wanted
from tests import factories, money_factories
from tests.personas import People, actor_of, make_user, people
from tests.tickets.test_faults import at_once

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

ROUNDS = 200 if os.environ.get("FAULTS") == "long" else 6
Work = Callable[[], object]


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def others(database: Database) -> list[Actor]:
    """Two managers."""
    return [actor_of(make_user(Role.MANAGER, name=name)) for name in ("马经理", "何经理")]


@pytest.fixture(autouse=True)
def _books_are_right(database: Database) -> Iterator[None]:
    yield
    assert not accounts.differences()
    assert not ledger.differences()
    assert history.verify().problem is None


def run_off(*works: Work) -> int:
    """Run all at once; exactly one of them does it: which."""
    results = at_once(*works)
    told = [result for result in results if isinstance(result, Exception)]
    assert len(told) == len(works) - 1, results
    assert all(isinstance(one, Conflict | Invalid) for one in told), results
    return next(number for number, result in enumerate(results) if not isinstance(result, Exception))


def test_it_works(others: list[Actor]) -> None:
    """Two approve one contract."""
    for _round in range(ROUNDS):
        made = money_factories.contract(ContractStatus.SUBMITTED)
        first = run_off(
            *(lambda by=by, made=Contract.get_by_id(made.id): approval.approve(by=by, contract=made, version=made.version) for by in others)
        )
        stored = Contract.get_by_id(made.id)
        assert (stored.status, stored.decided_by_name) == (ContractStatus.APPROVED, others[first].name)
        assert stored.steps.where(ContractStep.to_status == ContractStatus.APPROVED).count() == 1


def test_approving_against_turning_down(others: list[Actor]) -> None:
    for _round in range(ROUNDS):
        made = money_factories.contract(ContractStatus.SUBMITTED)
        one, other = (Contract.get_by_id(made.id) for _each in range(2))
        first = run_off(
            lambda one=one: approval.approve(by=others[0], contract=one, version=one.version),
            lambda other=other: approval.reject(by=others[1], contract=other, version=other.version, remark="太贵"),
        )
        assert Contract.get_by_id(made.id).status == (ContractStatus.APPROVED, ContractStatus.REJECTED)[first]


def test_one_payment_allocated_twice(who: People) -> None:
    customer = factories.customer()
    for _round in range(ROUNDS):
        payment = money_factories.payment(customer=customer)
        owed = [money_factories.receivable(customer=customer) for _each in range(2)]
        first = run_off(
            *(
                lambda one=one, payment=payment: payments.allocate(by=actor_of(who.chen), payment=payment, wishes=[(one, Decimal(100))])
                for one in owed
            )
        )
        assert [Receivable.get_by_id(one.id).is_open for one in owed] == [first != 0, first != 1]
        assert Payment.get_by_id(payment.id).allocated == 100


def test_one_debt_paid_twice(who: People) -> None:
    customer = factories.customer()
    for _round in range(ROUNDS):
        owed = money_factories.receivable(customer=customer)
        came = [money_factories.payment(customer=customer) for _each in range(2)]
        first = run_off(
            *(
                lambda one=one, owed=owed: payments.allocate(by=actor_of(who.chen), payment=one, wishes=[(owed, Decimal(100))])
                for one in came
            )
        )
        assert [Payment.get_by_id(one.id).allocated for one in came] == [100 * (first == 0), 100 * (first == 1)]


def test_one_allocation_taken_back_twice(who: People) -> None:
    customer = factories.customer()
    for _round in range(ROUNDS):
        payment, owed = money_factories.payment(customer=customer), money_factories.receivable(customer=customer)
        payments.allocate(by=actor_of(who.chen), payment=payment, wishes=[(owed, Decimal(100))])
        same = [Allocation.get(Allocation.payment == payment) for _each in range(2)]
        run_off(*(lambda one=one: payments.release(by=actor_of(who.chen), allocation=one) for one in same))
        assert Payment.get_by_id(payment.id).allocated == 0


def issued(who: People, row: Requisition) -> None:
    wanted = {line.id: line.asked for line in requisitions.lines_of(row)}
    requisitions.issue(by=actor_of(who.chen), requisition=row, version=row.version, quantities=wanted)


def approved(who: People, part: Part) -> Requisition:
    row = money_factories.requisition(technician=who.li, lines=[Wanted(part, Decimal(1))])
    requisitions.approve(by=actor_of(who.zhao), requisition=row, version=row.version)
    return row


def test_the_last_piece_issued_for_two(who: People) -> None:
    for _round in range(ROUNDS):
        part = money_factories.stocked(quantity=1)
        rows = [approved(who, part) for _each in range(2)]
        first = run_off(*(lambda row=row: issued(who, row) for row in rows))
        assert Requisition.get_by_id(rows[first].id).status == RequisitionStatus.ISSUED
        assert Requisition.get_by_id(rows[1 - first].id).status == RequisitionStatus.APPROVED
        assert ledger.held(ledger.place_of(PlaceKind.MAIN), part) == 0


def test_one_requisition_issued_twice(who: People) -> None:
    for _round in range(ROUNDS):
        part = money_factories.stocked(quantity=5)
        row = approved(who, part)
        run_off(*(lambda one=Requisition.get_by_id(row.id): issued(who, one) for _each in range(2)))
        assert ledger.held(ledger.place_of(PlaceKind.MAIN), part) == 4


def scrapped(part: Part, quantity: int) -> None:
    ends = {"from_place": ledger.place_of(PlaceKind.MAIN), "to_place": ledger.place_of(PlaceKind.SCRAP)}
    with db.transaction():
        ledger.move(system("tests"), Move(kind=MovementKind.SCRAPPED, part=part, quantity=Decimal(quantity), **ends), clock.now())


def test_a_count_approved_against_a_movement(who: People) -> None:
    """Two of ten are missing by the count while somebody takes nine: whoever is second is told that there are not so many."""
    for _round in range(ROUNDS):
        part = money_factories.stocked(quantity=10)
        count = money_factories.stock_count()
        clerk = actor_of(who.chen)
        held = StockCountLine.select().where(StockCountLine.count == count)
        counting.enter(by=clerk, count=count, said={line.id: Said(line.booked if line.part_id != part.id else Decimal(8)) for line in held})
        counting.submit(by=clerk, count=count)
        seen = StockCount.get_by_id(count.id)
        first = run_off(
            lambda seen=seen: counting.approve(by=actor_of(who.zhao), count=seen, version=seen.version),
            lambda part=part: scrapped(part, 9),
        )
        assert ledger.held(ledger.place_of(PlaceKind.MAIN), part) == (8, 1)[first]
        if first == 1:
            counting.reject(by=actor_of(who.zhao), count=seen, version=seen.version, remark="请重数")


def test_two_reports_of_one_returned_part(who: People) -> None:
    clerks = [actor_of(who.chen), actor_of(make_user(Role.CLERK, name="周文员"))]
    for _round in range(ROUNDS):
        back = money_factories.returned(technician=who.li, status=ReturnStatus.RECEIVED)
        first = run_off(
            *(
                lambda by=by, one=DefectiveReturn.get_by_id(back.id): nonconformities.prepare(
                    by=by, returned=one, said=Described(description="泵体裂纹")
                )
                for by in clerks
            )
        )
        assert Nonconformity.get(Nonconformity.returned == back).prepared_by_name == clerks[first].name
