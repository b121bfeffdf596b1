"""A ticket for an alarm by hand: new, joined, and never a second one."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import system
from app.machines.models import Machine
from app.machines.profile_operations import import_profile
from app.machines.profiles import SHIPPED
from app.monitoring import joining
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Episode
from app.tickets.faults import Outcome
from app.tickets.models import Ticket, TicketFault, TicketStatus
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import actor_of, make_user, sign_in


@pytest.fixture
def alarm(machine: Machine, device: Sender) -> Alarm:
    """A full bin: nothing that opens a ticket by itself."""
    store(device.fault("E18", ago(minutes=5)))
    Evaluator().evaluate_pending()
    assert Ticket.select().count() == 0
    return Alarm.get()


def find(alarm: Alarm, version: int | None = None, join: int | None = None, role: Role = Role.CLERK):
    return joining.find_ticket(by=actor_of(make_user(role)), alarm=alarm, version=version or alarm.version, join=join)


def test_it_works(client: FlaskClient, alarm: Alarm) -> None:
    clerk = sign_in(client, make_user(Role.CLERK))
    assert f"/alarms/{alarm.id}/ticket" in clerk.get("/monitoring").text
    answer = clerk.post(f"/alarms/{alarm.id}/ticket", data={"version": alarm.version, "ticket": 0})
    ticket = Ticket.get()
    assert (answer.status_code, answer.location) == (303, f"/tickets/{ticket.number}")
    assert Episode.get().ticket_id == ticket.id
    assert ticket.number in clerk.get("/monitoring").text


def test_it_joins_an_open_ticket_of_the_machine_and_stands_for_its_family_then(alarm: Alarm, machine: Machine) -> None:
    ticket = factories.ticket(machine=machine)
    found = find(alarm, join=ticket.id)
    assert (found.ticket.id, found.outcome) == (ticket.id, Outcome.JOINED)
    assert TicketFault.select().where(TicketFault.ticket == ticket, TicketFault.is_open).count() == 1


def test_a_second_press_opens_no_second_ticket(alarm: Alarm) -> None:
    find(alarm)
    with pytest.raises(Conflict):
        find(alarm)
    assert Ticket.select().count() == 1


def test_an_alarm_that_has_changed_meanwhile_is_shown_again(client: FlaskClient, alarm: Alarm) -> None:
    answer = sign_in(client, make_user(Role.CLERK)).post(f"/alarms/{alarm.id}/ticket", data={"version": alarm.version + 5, "ticket": 0})
    assert answer.status_code == 409
    assert Ticket.select().count() == 0


def test_a_ticket_of_another_machine_cannot_be_joined(alarm: Alarm) -> None:
    with pytest.raises(Invalid):
        find(alarm, join=factories.ticket(machine=factories.machine(serial="S9")).id)


def test_a_technician_gives_none(alarm: Alarm) -> None:
    with pytest.raises(NotAllowed):
        find(alarm, role=Role.TECHNICIAN)


@pytest.mark.parametrize(("window", "outcome"), [("", Outcome.REOPENED), (", reopen_s: 60", Outcome.OPENED)])
def test_a_finished_ticket_is_opened_again_within_the_window_of_its_code(
    machine: Machine, device: Sender, window: str, outcome: Outcome
) -> None:
    text = SHIPPED[0].read_text(encoding="utf8").replace("tell_customer: true}", f"tell_customer: true{window}}}")
    import_profile(by=system("setup"), text=text)
    store(device.fault("E18", ago(minutes=5)))
    Evaluator().evaluate_pending()
    finished = factories.ticket(machine=machine, status=TicketStatus.RESOLVED, resolved_at=ago(hours=1))
    TicketFault.create(ticket=finished, machine=machine, family="E18", is_open=False)
    assert find(Alarm.get()).outcome == outcome
