"""The screens of moves, terminals and the warranty on any day."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.machines.models import Machine, MachineMove, TerminalChange
from app.monitoring.models import QuarantinedMessage, Reading
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    machine, place = factories.machine(serial="YJ-1"), factories.site(customer=factories.customer(name="青禾物业"))
    page = clerk.get("/machines/YJ-1/move?customer=青禾物业").text
    assert place.name in page
    form = {"customer": "青禾物业", "site": place.id, "area": "", "at": clock.today().isoformat(), "reason": "调拨", "version": 1}
    answer = clerk.post("/machines/YJ-1/move", data=form)
    assert (answer.status_code, answer.location) == (303, "/machines/YJ-1")
    assert Machine.get_by_id(machine.id).site == place
    assert clerk.post("/machines/YJ-1/move", data=form).status_code in (409, 422), "sent twice it moves once"
    assert MachineMove.select().count() == 1


def test_a_customer_that_nobody_is_called_is_said_beside_the_field(clerk: FlaskClient) -> None:
    factories.machine(serial="YJ-1")
    page = clerk.get("/machines/YJ-1/move?customer=nobody").text
    assert 'class="error"' in page
    assert 'id="move-form"' not in page


@pytest.mark.parametrize(("field", "value"), [("reason", ""), ("at", ""), ("at", "2999-01-01"), ("site", "99")])
def test_a_bad_move_comes_back_with_all_that_was_typed(clerk: FlaskClient, field: str, value: str) -> None:
    factories.machine(serial="YJ-1")
    place = factories.site(customer=factories.customer(name="青禾物业"))
    form = {"customer": "青禾物业", "site": place.id, "area": "", "at": clock.today().isoformat(), "reason": "调拨用语", "version": 1}
    answer = clerk.post("/machines/YJ-1/move", data=form | {field: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert field == "reason" or "调拨用语" in answer.text
    assert not MachineMove.select().exists()


def test_a_move_of_today_is_taken_back_by_one_button(clerk: FlaskClient) -> None:
    machine = factories.machine(serial="YJ-1")
    before = machine.customer_id
    clerk.post("/machines/YJ-1/move", data={"customer": "-", "at": clock.today().isoformat(), "reason": "退回", "version": 1})
    assert Machine.get().customer is None
    move = MachineMove.get()
    assert f"/machines/YJ-1/moves/{move.id}/undo" in clerk.get("/machines/YJ-1/move").text
    assert clerk.post(f"/machines/YJ-1/moves/{move.id}/undo").status_code == 303
    assert Machine.get().customer_id == before
    assert clerk.post(f"/machines/YJ-1/moves/{move.id}/undo").status_code == 409


def test_a_terminal_is_replaced_and_what_waited_of_it_is_taken_in(clerk: FlaskClient) -> None:
    factories.machine(serial="YJ-1", device="OLD")
    store(Sender("NEW").reading(ago(minutes=5), oil_temp=40))
    assert QuarantinedMessage.select().count() == 1
    now = clock.now().astimezone(clock.zone()) - timedelta(minutes=1)
    form = {"device": "NEW", "at": now.strftime("%Y-%m-%dT%H:%M"), "reason": "进水", "version": 1, "sim_number": "8986", "gateway": ""}
    assert "OLD" in clerk.get("/machines/YJ-1/terminal").text
    assert clerk.post("/machines/YJ-1/terminal", data=form).status_code == 303
    assert (Machine.get().device, Machine.get().sim_number) == ("NEW", "8986")
    assert Reading.select().count() == 1
    stale = clerk.post(
        "/machines/YJ-1/terminal", data=form | {"device": "OTHER", "at": clock.now().astimezone(clock.zone()).strftime("%Y-%m-%dT%H:%M")}
    )
    assert stale.status_code in (409, 422)
    assert TerminalChange.select().count() == 1
    assert "OLD" in clerk.get("/machines/YJ-1/terminal").text


@pytest.mark.parametrize(("field", "value"), [("device", "OLD"), ("device", "a b"), ("reason", ""), ("at", ""), ("at", "2999-01-01T00:00")])
def test_a_bad_terminal_comes_back_with_all_that_was_typed(clerk: FlaskClient, field: str, value: str) -> None:
    factories.machine(serial="YJ-1", device="OLD")
    form = {"device": "NEW", "at": "2026-01-01T10:00", "reason": "进水", "version": 1, "sim_number": "898600112233", "gateway": ""}
    answer = clerk.post("/machines/YJ-1/terminal", data=form | {field: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert "898600112233" in answer.text
    assert not TerminalChange.select().exists()


def test_the_warranty_is_asked_for_any_day(clerk: FlaskClient) -> None:
    factories.machine(serial="YJ-1", accepted_on=date(2025, 3, 1))
    covered = clerk.get("/machines/YJ-1/warranty?on=2026-02-28").text
    assert "保内" in covered
    assert "2026年2月28日" in covered
    part = clerk.get("/machines/YJ-1/warranty?on=2026-03-01", headers={"HX-Request": "true"})
    assert "保外" in part.text
    assert "<html" not in part.text
    assert clerk.get("/machines/YJ-1/warranty?on=nonsense").status_code == 422


def test_the_months_come_from_the_model_unless_they_are_written(clerk: FlaskClient) -> None:
    factories.machine_model(name="YJ-25", warranty_months=24)
    form = {"serial": "A-1", "model": "YJ-25", "warranty_months": "", "form_token": "t1"}
    assert clerk.post("/machines/new", data=form).status_code == 303
    assert clerk.post("/machines/new", data=form | {"serial": "A-2", "warranty_months": "6", "form_token": "t2"}).status_code == 303
    assert [machine.warranty_months for machine in Machine.select().order_by(Machine.serial)] == [24, 6]


def test_machines_are_listed_by_the_end_of_their_sim_card(clerk: FlaskClient) -> None:
    for serial, days in (("GONE", -1), ("TODAY", 0), ("SOON", 30), ("LATER", 31)):
        factories.machine(serial=serial, sim_expires_on=clock.today() + timedelta(days=days))
    factories.machine(serial="NONE")
    expected = {"soon": {"TODAY", "SOON"}, "expired": {"GONE"}}
    for state, serials in expected.items():
        rows = clerk.get(f"/machines.csv?sim={state}&sort=sim_expires_on").data.decode("utf-8-sig").splitlines()[1:]
        assert {row.split(",")[0] for row in rows} == serials


def test_retired_machines_can_be_left_out(clerk: FlaskClient) -> None:
    factories.machine(serial="OLD-1", retired_on=clock.today())
    factories.machine(serial="NEW-1")
    assert "OLD-1" not in clerk.get("/machines?retired=no").text
    assert "NEW-1" not in clerk.get("/machines?retired=yes").text
