"""What of contracts waits on the start page, and for whom."""

import pytest
from peewee import Database

from app.contracts.models import ContractKind, ContractStatus
from app.core import clock
from app.core.types import Actor
from app.home.of_contracts import of_contracts
from tests import factories
from tests.money_factories import contract
from tests.personas import People, actor_of, people


@pytest.fixture(autouse=True)
def here(sqlite_database: Database) -> None:
    pass


@pytest.fixture
def who() -> People:
    return people()


def waiting(by: Actor) -> list[str]:
    return [item.number for item in of_contracts(by, clock.now(), 50)]


def test_it_works(who: People) -> None:
    repair, quote = contract(ContractStatus.SUBMITTED), contract(ContractStatus.SUBMITTED, kind=ContractKind.QUOTE)
    assert waiting(actor_of(who.liu)) == [repair.number, quote.number]
    assert waiting(actor_of(who.zhao)) == [quote.number]
    assert waiting(actor_of(who.chen)) == waiting(actor_of(who.area_manager)) == []


def test_ones_own_waits_for_somebody_else(who: People) -> None:
    contract(ContractStatus.SUBMITTED, by=actor_of(who.liu))
    assert waiting(actor_of(who.liu)) == []


def test_who_stands_in_sees_it_too(who: People) -> None:
    made = contract(ContractStatus.SUBMITTED)
    factories.authority(who.liu, who.zhao, "contracts.approve")
    assert waiting(actor_of(who.zhao)) == [made.number]


def test_what_was_decided_goes_back_to_its_author(who: People) -> None:
    li = actor_of(who.li)
    machine = factories.machine(area=who.north)
    approved, rejected = (contract(status, by=li, machine=machine) for status in (ContractStatus.APPROVED, ContractStatus.REJECTED))
    contract(ContractStatus.SIGNED, by=li, machine=machine)
    assert waiting(li) == [approved.number, rejected.number]
