"""Machines that fall silent together share one ticket."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.machines.models import DeviceProfile, Machine
from app.monitoring.models import Episode, StormCause, TicketStorm
from app.monitoring.silence import together
from app.tickets.models import Ticket, TicketNote
from tests import factories
from tests.monitoring.sender import Sender
from tests.monitoring.silence.clocked import HOUR, MINUTE, Clocked
from tests.personas import actor_of, make_area, make_user, sign_in


@pytest.fixture
def site(profile: DeviceProfile) -> Clocked:
    return Clocked().up_for(HOUR)


@pytest.fixture
def others(profile: DeviceProfile) -> list[Sender]:
    """Machines elsewhere, which speak."""
    return fleet(profile, 3, "O")


def fleet(profile: DeviceProfile, number: int, prefix: str, **values: object) -> list[Sender]:
    return [Sender(factories.machine(device=f"{prefix}-{one}", profile=profile, **values).device) for one in range(number)]


def fall_silent(site: Clocked, devices: list[Sender], others: list[Sender], apart: timedelta = timedelta()) -> None:
    """The ``devices`` say their last word ``apart`` from each other; then four hours go by, two of them worked."""
    for device in devices:
        site.hear(device, oil_temp=40)
        if apart:
            site.pass_by(apart, *others)
    site.pass_by(20 * MINUTE, *others)
    site.pass_by(4 * HOUR, *others, every=5 * MINUTE)


def test_it_works(site: Clocked, profile: DeviceProfile, others: list[Sender]) -> None:
    fall_silent(site, fleet(profile, 4, "G", gateway="GW-1"), others)
    ticket = Ticket.get()
    assert (Ticket.select().count(), ticket.machine_id, ticket.title) == (1, None, "同一网关多台设备失联")
    assert {row.ticket_id for row in Episode.select()} == {ticket.id}
    storm = TicketStorm.get()
    assert (storm.cause, storm.name) == (StormCause.GATEWAY, "GW-1")


def test_two_of_a_gateway_have_a_ticket_each(site: Clocked, profile: DeviceProfile, others: list[Sender]) -> None:
    fall_silent(site, fleet(profile, 2, "G", gateway="GW-1"), others)
    assert sorted(ticket.machine.device for ticket in Ticket.select()) == ["G-0", "G-1"]


def test_three_of_an_area_share_one(site: Clocked, profile: DeviceProfile, others: list[Sender]) -> None:
    area = make_area("North")
    fall_silent(site, fleet(profile, 3, "A", area=area), others)
    ticket = Ticket.get()
    assert (Ticket.select().count(), ticket.area_id, ticket.title) == (1, area.id, "同一区域多台设备失联")


def test_three_that_fall_silent_one_after_the_other_have_nothing_in_common(
    site: Clocked, profile: DeviceProfile, others: list[Sender]
) -> None:
    fall_silent(site, fleet(profile, 3, "G", gateway="GW-1"), others, apart=4 * MINUTE)
    assert Ticket.select().where(Ticket.machine.is_null(False)).count() == 3


def test_who_spoke_again_in_time_needs_no_ticket(site: Clocked, profile: DeviceProfile, others: list[Sender]) -> None:
    devices = fleet(profile, 4, "G", gateway="GW-1")
    for device in devices:
        site.hear(device, oil_temp=40)
    site.pass_by(20 * MINUTE, *others)
    site.pass_by(4 * HOUR, *devices, *others, every=5 * MINUTE)
    assert Episode.select().count() == 4
    assert Ticket.select().count() == 0


def test_when_all_speak_again_it_ends_and_the_ticket_says_so(site: Clocked, profile: DeviceProfile, others: list[Sender]) -> None:
    devices = fleet(profile, 3, "G", gateway="GW-1")
    fall_silent(site, devices, others)
    site.pass_by(2 * MINUTE, *devices[:2], *others)
    assert TicketStorm.get().ended_at is None
    site.pass_by(4 * MINUTE, *devices, *others)
    assert TicketStorm.get().ended_at is not None
    assert Ticket.get().is_open
    assert TicketNote.select().count() == 1
    assert Machine.select().count() == 6


def test_the_ticket_names_the_machines_those_still_silent_first(
    site: Clocked, profile: DeviceProfile, others: list[Sender], client: FlaskClient
) -> None:
    north, south = make_area("North"), make_area("South")
    devices = fleet(profile, 2, "N", gateway="GW-1", area=north) + fleet(profile, 1, "S", gateway="GW-1", area=south)
    fall_silent(site, devices, others)
    site.pass_by(2 * MINUTE, devices[0], *others)
    ticket, clerk, boss = Ticket.get(), make_user(Role.CLERK), make_user(Role.AREA_MANAGER, areas=(south,))
    named = [(row.machine.device, row.ended_at is None) for row in together.silences_of(actor_of(clerk), ticket)]
    assert named == [("N-1", True), ("S-0", True), ("N-0", False)]
    assert [row.machine.device for row in together.silences_of(actor_of(boss), ticket)] == ["S-0"]
    sign_in(client, clerk)
    page = client.get(f"/tickets/{ticket.number}").text
    assert all(row.machine.serial in page for row in together.silences_of(actor_of(clerk), ticket))


def test_a_later_one_joins_while_the_others_are_silent(site: Clocked, profile: DeviceProfile, others: list[Sender]) -> None:
    last = fleet(profile, 1, "L", gateway="GW-1")
    fall_silent(site, fleet(profile, 3, "G", gateway="GW-1"), [*others, *last])
    site.pass_by(20 * MINUTE, *others)
    site.pass_by(30 * HOUR, *others, every=10 * MINUTE)
    assert {row.ticket_id for row in Episode.select()} == {Ticket.get().id}
    assert Ticket.select().count() == 1
