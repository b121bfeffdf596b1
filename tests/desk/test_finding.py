"""What somebody means who types a few characters."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from app.core.types import Actor
from app.customers import operations as customers
from app.customers.models import Customer
from app.customers.operations import ContactDetails, CustomerDetails, SiteDetails
from app.customers.project_operations import ProjectDetails, create_project
from app.desk import finding
from app.desk.finding import MatchKind, MatchReason
from app.machines import operations as machines
from app.machines.models import Machine
from app.machines.operations import MachineDetails
from app.tickets.models import Priority, TicketKind, TicketSource
from app.tickets.operations import Outcome, open_ticket
from tests import personas


@pytest.fixture
def people(database: Database) -> personas.People:
    return personas.people()


@pytest.fixture
def clerk(people: personas.People) -> Actor:
    return personas.actor_of(people.chen)


def customer(by: Actor, name: str, **more: Any) -> Customer:
    return customers.create_customer(by=by, details=CustomerDetails(name=name, **more))


def machine(by: Actor, serial: str, **more: Any) -> Machine:
    return machines.create_machine(by=by, details=MachineDetails(serial=serial, model="YZ-20", **more))


def edit_customer_name(by: Actor, owner: Customer, name: str) -> None:
    present = Customer.get_by_id(owner.id)
    customers.edit_customer(by=by, customer=present, version=present.version, details=CustomerDetails(name=name))


def found(actor: Actor, typed: str) -> list[tuple[str, str]]:
    return [(str(match.kind), match.title) for match in finding.matches(actor, typed)]


def test_it_works(clerk: Actor) -> None:
    owner = customer(clerk, "中山机械厂")
    machine(clerk, "YZ-00123", device="EVC-77", customer=owner)
    assert found(clerk, "0123") == [("machine", "YZ-00123")]
    assert found(clerk, "zsjx") == [("customer", "中山机械厂"), ("machine", "YZ-00123")]


@pytest.mark.parametrize("typed", ["YZ-00123", "yz00123", "z-0", "23", "0012", "EVC-77", "c7", "ＹＺ", "yz 123"])
def test_a_machine_is_found_by_any_part_of_its_serial_number_or_device_code(clerk: Actor, typed: str) -> None:
    machine(clerk, "YZ-00123", device="EVC-77")
    assert found(clerk, typed) == [("machine", "YZ-00123")]


def test_a_phone_number_of_three_customers_shows_all_three(clerk: Actor) -> None:
    for name in ("甲公司", "乙公司", "丙公司"):
        customers.add_contact(by=clerk, customer=customer(clerk, name), details=ContactDetails(name="王工", phone="138-0000-1234"))
    shown = finding.matches(clerk, "13800001234")
    assert {match.customer for match in shown} == {"甲公司", "乙公司", "丙公司"}
    assert {(match.kind, match.rank, match.why) for match in shown} == {(MatchKind.CONTACT, finding.EXACT, MatchReason.PHONE)}


def test_several_words_narrow(clerk: Actor) -> None:
    for serial, name in (("A-1003", "中山一厂"), ("A-1004", "中山二厂"), ("B-2003", "珠海一厂")):
        machine(clerk, serial, customer=customer(clerk, name))
    assert found(clerk, "中山 003") == [("machine", "A-1003")]


def test_a_renamed_customer_is_found_by_its_new_name_and_not_by_the_old(clerk: Actor) -> None:
    owner = customer(clerk, "旧名公司")
    site = customers.add_site(by=clerk, customer=owner, details=SiteDetails(name="一号站"))
    customers.add_contact(by=clerk, customer=owner, details=ContactDetails(name="王工", phone="13800001234"))
    machine(clerk, "YZ-1", customer=owner, site=site)
    edit_customer_name(clerk, owner, "新称公司")
    for own in ("", " 王", " 一号", " yz"):
        assert found(clerk, f"旧名{own}") == []
        assert found(clerk, f"新称{own}") != []


def test_an_exact_name_comes_before_a_longer_one(clerk: Actor) -> None:
    for serial in ("YZ-12", "YZ-123", "AYZ-12"):
        machine(clerk, serial)
    shown = finding.matches(clerk, "yz12")
    assert [match.title for match in shown] == ["YZ-12", "YZ-123", "AYZ-12"]
    assert all(before.rank < after.rank for before, after in pairwise(shown))


def test_nobody_is_shown_what_lies_in_another_area(people: personas.People, clerk: Actor) -> None:
    for area, name in ((people.north, "北方公司"), (people.south, "南方公司")):
        owner = customer(clerk, name, area=area)
        customers.add_site(by=clerk, customer=owner, details=SiteDetails(name="公司站"))
        customers.add_contact(by=clerk, customer=owner, details=ContactDetails(name="公司王工", phone="13800001234"))
        machine(clerk, f"YZ-{name}", customer=owner)
    for typed in ("公司", "公司 王工", "公司 站", "yz"):
        owners = {match.customer for match in finding.matches(personas.actor_of(people.li), typed)}
        assert owners == {"北方公司"}, typed


@pytest.mark.parametrize("typed", ["", "  ", "-", "\"' OR 1=1 --", "'", "\\", "(((", "a" * 5_000, "* * *", "NEAR(a b)", "\x00", "\ue000w1"])
def test_nothing_typed_breaks_it(clerk: Actor, typed: str) -> None:
    machine(clerk, "YZ-1")
    assert found(clerk, typed) == []


def distance(one: str, other: str) -> int:
    """Optimal string alignment: changes, insertions, deletions, swaps of neighbours."""
    rows = [[max(i, j) if min(i, j) == 0 else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            is_other = one[i - 1] != other[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + is_other)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """A text and what became of it by up to two slips."""
    typed = other = draw(st.text(alphabet="yz019", min_size=2, max_size=7))
    for _ in range(draw(st.integers(0, 2))):
        at, character = draw(st.integers(0, max(len(other) - 2, 0))), draw(st.sampled_from("yz019"))
        ways = (
            other[:at] + other[at + 1 :],
            other[:at] + character + other[at:],
            other[:at] + character + other[at + 1 :],
            other[:at] + other[at + 1 : at + 2] + other[at : at + 1] + other[at + 2 :],
        )
        other = draw(st.sampled_from(ways))
    return typed, other


@given(pairs())
def test_a_slip_is_one_character_changed_missing_or_too_many_or_two_swapped(pair: tuple[str, str]) -> None:
    typed, other = pair
    assert (other in finding.slips(typed)) == (distance(typed, other) == 1)


def test_what_looks_alike_is_meant_first(clerk: Actor) -> None:
    for serial in ("YZ-11012", "YZ-10012", "YZ-12012"):
        machine(clerk, serial)
    shown = finding.matches(clerk, "YZ-1OO12")
    assert shown == []  # two characters differ
    assert [match.title for match in finding.matches(clerk, "YZ-1O012")] == ["YZ-10012", "YZ-11012", "YZ-12012"]
    assert {match.why for match in finding.matches(clerk, "YZ-1O012")} == {MatchReason.MEANT}


def test_nothing_is_guessed_when_something_fits(clerk: Actor) -> None:
    machine(clerk, "YZ-10012")
    machine(clerk, "YZ-10013")
    assert found(clerk, "YZ-10013") == [("machine", "YZ-10013")]


def test_a_kind_that_fits_well_is_not_crowded_out(clerk: Actor) -> None:
    owner = customer(clerk, "甲公司")
    for number in range(12):
        machine(clerk, f"A{number:02d}1234")
    customers.add_contact(by=clerk, customer=owner, details=ContactDetails(name="王工", phone="13800001234"))
    shown = finding.matches(clerk, "1234")
    assert len(shown) == 8
    assert [match.title for match in shown if match.kind == MatchKind.CONTACT] == ["王工"]


def test_a_ticket_is_found_by_who_called_and_what_solved_it(clerk: Actor) -> None:
    made = open_ticket(
        by=clerk,
        source=TicketSource.HOTLINE,
        kind=TicketKind.FAULT_REPORT,
        priority=Priority.LOW,
        title="推板动作慢",
        customer=customer(clerk, "甲公司"),
        caller_name="钱师傅",
        caller_phone="13712345678",
        outcome=Outcome.SOLVED,
        solution="更换密封圈",
    )
    for typed in (made.number, made.number[3:], "2345", "137-1234", "钱师傅", "qsf", "密封圈", "动作 密封"):
        titles = [match.title for group in finding.find(clerk, typed).groups for match in group.matches if group.kind == MatchKind.TICKET]
        assert titles == [made.number], typed


def test_a_project_is_found_by_its_contract_number_its_name_and_its_customer(clerk: Actor) -> None:
    owner = customer(clerk, "旧名公司")
    made = create_project(by=clerk, details=ProjectDetails(contract_number="XS-2026-0815", name="城东转运站", customer=owner))
    edit_customer_name(clerk, owner, "中山机械厂")
    for typed in ("xs20260815", "0815", "26-08", "城东", "cdzyz", "中山 城东"):
        groups = {group.kind: group.matches for group in finding.find(clerk, typed).groups}
        assert [match.project_id for match in groups[MatchKind.PROJECT]] == [made.id], typed
    assert MatchKind.PROJECT not in {group.kind for group in finding.find(clerk, "旧名 城东").groups}
