"""What becomes of a signed contract: completed by hand, invoiced, settled, and back; nothing twice."""

import pytest
from peewee import Database

from app.contracts import progress
from app.contracts.models import Contract, ContractStatus
from app.contracts.states import TRANSITIONS
from app.core import clock
from app.core.errors import Conflict
from app.core.types import system
from tests import factories
from tests.money_factories import contract
from tests.personas import make_user

S = ContractStatus
BILLING = system("billing")


@pytest.fixture(autouse=True)
def here(sqlite_database: Database) -> None:
    pass


def test_it_works() -> None:
    made, now = contract(S.SIGNED), clock.now()
    progress.complete(by=BILLING, contract=made, version=made.version)
    assert progress.invoiced(by=BILLING, contract=made, at=now, note="发票 1")
    assert not progress.invoiced(by=BILLING, contract=made, at=now)
    assert progress.settled(by=BILLING, contract=made, at=now)
    assert Contract.get().status == S.SETTLED
    assert progress.not_settled(by=BILLING, contract=made, at=now)
    assert progress.not_invoiced(by=BILLING, contract=made, at=now)
    assert Contract.get().status == S.COMPLETED


def test_what_is_not_completed_is_neither_invoiced_nor_settled() -> None:
    made = contract(S.SIGNED)
    assert not progress.invoiced(by=BILLING, contract=made, at=clock.now())
    assert not progress.settled(by=BILLING, contract=made, at=clock.now())
    assert Contract.get().status == S.SIGNED


def test_a_contract_whose_order_is_out_is_completed_with_it() -> None:
    made = contract(S.SIGNED, order=factories.work_order(warranty="off", lead=make_user("technician")))
    with pytest.raises(Conflict, match="still out"):
        progress.complete(by=BILLING, contract=made, version=made.version)


@pytest.mark.parametrize("status", [S.DRAFT, S.SUBMITTED, S.APPROVED, S.REJECTED])
def test_nothing_is_completed_before_the_customer_signed(status: ContractStatus) -> None:
    made = contract(status)
    with pytest.raises(Conflict):
        progress.complete(by=BILLING, contract=made, version=made.version)


def test_every_state_has_its_ways_and_void_none() -> None:
    assert set(TRANSITIONS) == set(S)
    assert TRANSITIONS[S.VOID] == ()
    assert all(S.VOID not in TRANSITIONS[state] for state in (S.IN_EXECUTION, S.COMPLETED, S.INVOICED, S.SETTLED))
