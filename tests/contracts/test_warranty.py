"""In warranty or not: the rule over invented terms, and the verdict from what the books say."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from app.contracts import warranty, warranty_operations
from app.contracts.models import WarrantyExtension, WarrantyRuling
from app.contracts.warranty import Ground, Term, judged
from app.contracts.warranty_operations import Ruling
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import system
from app.machines import queries as machines
from app.machines import terms
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PlaceKind
from app.work_orders.models import WorkOrder
from tests import factories, money_factories
from tests.personas import People, actor_of, people

IN, OFF, UNKNOWN = WarrantyState.IN, WarrantyState.OFF, WarrantyState.UNKNOWN
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
some_terms = st.lists(st.builds(Term, st.sampled_from([Ground.ACCEPTANCE, Ground.DELIVERY, Ground.EXTENSION, Ground.REPLACEMENT]), days))


@given(days, some_terms)
def test_it_works(on: date, looked_at: list[Term]) -> None:
    found = judged(on, looked_at)
    assert (found.state is UNKNOWN) == (not looked_at)
    if found.last_on is not None:
        assert (found.state is IN) == (on <= found.last_on)
        assert any(found.counts(term) for term in found.looked_at)


@given(days, some_terms, st.booleans(), st.booleans())
def test_wear_parts_and_misuse_are_excluded_whatever_the_terms(on: date, looked_at: list[Term], is_wear: bool, is_misuse: bool) -> None:
    found = judged(on, looked_at, is_wear=is_wear, is_misuse=is_misuse)
    assert (found.ground in (Ground.WEAR, Ground.MISUSE)) == (is_wear or is_misuse)
    assert not (is_wear or is_misuse) or found.state is OFF


@given(days, some_terms, days, st.sampled_from([Ground.EXTENSION, Ground.REPLACEMENT]))
def test_an_extension_or_a_replacement_never_shortens_a_term(on: date, looked_at: list[Term], until: date, ground: Ground) -> None:
    if judged(on, looked_at).state is IN:
        assert judged(on, [*looked_at, Term(ground, until)]).state is IN


@given(days, some_terms)
def test_what_is_in_warranty_was_so_the_day_before(on: date, looked_at: list[Term]) -> None:
    if judged(on, looked_at).state is IN:
        assert judged(on - timedelta(days=1), looked_at).state is IN


def test_of_acceptance_and_delivery_the_earlier_end_counts() -> None:
    both = [Term(Ground.ACCEPTANCE, date(2026, 5, 31)), Term(Ground.DELIVERY, date(2026, 3, 31))]
    assert judged(date(2026, 4, 1), both).state is OFF
    assert judged(date(2026, 3, 31), both).ground is Ground.DELIVERY


# --- from the books ---------------------------------------------------------------


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def machine(who: People) -> Machine:
    return factories.machine(accepted_on=date(2025, 1, 10), shipped_on=date(2024, 12, 1), warranty_months=12)


def fitted(machine: Machine, part: Part, on: date) -> None:
    with db.transaction():
        wanted = Move(
            kind=MovementKind.USED, part=part, quantity=Decimal(1), from_place=ledger.place_of(PlaceKind.SUPPLIER),
            to_place=ledger.place_of(PlaceKind.CUSTOMER), machine=machine,
        )  # fmt: skip
        ledger.move(system("tests"), wanted, datetime.combine(on, datetime.min.time(), clock.zone()) + timedelta(hours=10))


def test_a_replaced_part_has_the_rest_of_the_term_or_six_months(machine: Machine) -> None:
    late, early, untouched = (money_factories.part() for _ in range(3))
    fitted(machine, late, date(2025, 11, 20))
    fitted(machine, early, date(2025, 2, 1))
    on = date(2026, 3, 1)
    assert [warranty.decide(machine, on, part).state for part in (late, early, untouched)] == [IN, OFF, OFF]
    assert warranty.decide(machine, date(2026, 5, 19), late).ground is Ground.REPLACEMENT
    assert warranty.decide(machine, date(2026, 5, 20), late).state is OFF
    assert warranty.decide(machine, date(2025, 9, 1), early).ground is Ground.ACCEPTANCE


def test_a_part_counts_from_the_last_time_before_the_fault(machine: Machine) -> None:
    part = money_factories.part(warranty_months=3)
    fitted(machine, part, date(2026, 6, 1))
    assert warranty.decide(machine, date(2026, 5, 1), part).state is OFF
    assert warranty.decide(machine, date(2026, 6, 1), part).state is IN


def test_a_replaced_wear_part_has_no_term(machine: Machine) -> None:
    part = money_factories.part(is_wear=True)
    fitted(machine, part, date(2025, 12, 1))
    assert warranty.decide(machine, date(2025, 12, 2), part).ground is Ground.WEAR
    assert warranty.decide(machine, date(2026, 2, 1), component=part.name).state is OFF


def test_a_component_is_the_part_of_that_name(machine: Machine) -> None:
    part = money_factories.part(name="齿轮泵")
    fitted(machine, part, date(2025, 12, 1))
    assert warranty.decide(machine, date(2026, 2, 1), component="齿轮泵").state is IN
    assert warranty.decide(machine, date(2026, 2, 1)).state is OFF


def test_an_extension_counts_everywhere_until_it_is_revoked(who: People, machine: Machine) -> None:
    zhao, until = actor_of(who.zhao), clock.now().date() + timedelta(days=400)
    assert machines.warranty_now(machine).state is OFF
    made = warranty_operations.extend(by=zhao, machine=machine, until_on=until, reason="销售合同约定", form_token="one")
    assert warranty_operations.extend(by=zhao, machine=machine, until_on=until, reason="销售合同约定", form_token="one") == made
    assert (machines.warranty_now(machine).last_on, terms.extended()) == (until, {machine.id: until})
    assert warranty.decide(machine, until).ground is Ground.EXTENSION
    warranty_operations.revoke(by=zhao, extension=made)
    assert machines.warranty_now(machine).state is OFF
    with pytest.raises(Conflict):
        warranty_operations.revoke(by=zhao, extension=made)
    assert WarrantyExtension.select().count() == 1


@pytest.mark.parametrize(("until", "reason", "field"), [(None, "x", "until_on"), (date(2030, 1, 1), " ", "reason")])
def test_an_extension_has_its_day_and_reason(who: People, machine: Machine, until: date | None, reason: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        warranty_operations.extend(by=actor_of(who.zhao), machine=machine, until_on=until, reason=reason)
    assert set(refused.value.fields) == {field}


def test_only_deputy_and_manager_rule(who: People, machine: Machine) -> None:
    order = factories.work_order(machine=machine, lead=who.li)
    ruling = Ruling(state=OFF, reason="x")
    for user in (who.chen, who.li, who.sun, who.area_manager):
        with pytest.raises(NotAllowed):
            warranty_operations.rule(by=actor_of(user), order=order, version=1, ruling=ruling)
        with pytest.raises(NotAllowed):
            warranty_operations.extend(by=actor_of(user), machine=machine, until_on=date(2030, 1, 1), reason="x")


def test_a_ruling_changes_the_order_and_says_who_and_why(who: People, machine: Machine) -> None:
    order = factories.work_order(machine=machine, lead=who.li, warranty="off")
    warranty_operations.rule(by=actor_of(who.zhao), order=order, version=1, ruling=Ruling(state=IN, reason="客户关系"))
    row = WorkOrder.get_by_id(order.id)
    assert (row.warranty, row.warranty_reason) == ("in", f"{who.zhao.name}: 客户关系")
    found = warranty.of_order(row)
    assert found is not None
    assert (found.state, found.ground, found.said_by, found.reason) == (IN, Ground.RULING, who.zhao.name, "客户关系")
    with pytest.raises(Conflict):  # a second one for the state before it
        warranty_operations.rule(
            by=actor_of(who.liu), order=WorkOrder(id=order.id, status="accepted"), version=1, ruling=Ruling(state=OFF, reason="x")
        )
    assert WarrantyRuling.select().count() == 1


def test_a_job_is_split_by_a_ruling_on_one_part(who: People, machine: Machine) -> None:
    order = factories.work_order(machine=machine, lead=who.li, warranty="in")
    warranty_operations.rule(by=actor_of(who.zhao), order=order, version=1, ruling=Ruling(state=OFF, reason="碰撞损坏", part_name="门"))
    row = WorkOrder.get_by_id(order.id)
    assert row.warranty == "in"
    assert not warranty.covers_part(row, None, "门", None)
    assert warranty.covers_part(row, None, "泵", None)
    assert not warranty.covers_part(row, None, "泵", "misuse")


def test_an_archived_order_is_not_ruled_on(who: People, machine: Machine) -> None:
    order = factories.work_order(machine=machine, lead=who.li, status="archived", call_back_archived_at=clock.now())
    with pytest.raises(Conflict):
        warranty_operations.rule(by=actor_of(who.zhao), order=order, version=1, ruling=Ruling(state=OFF, reason="x"))


def test_what_was_said_at_dispatch_stands_as_its_reason(who: People, machine: Machine) -> None:
    order = factories.work_order(machine=machine, lead=who.li, warranty="in", warranty_reason="经理同意")
    found = warranty.of_order(order)
    assert found is not None
    assert (found.state, found.reason) == (IN, "经理同意")
