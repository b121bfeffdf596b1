"""The technician's jobs: the list, one job, each step as a button; works without JavaScript, for its own technician alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Notice
from app.core import clock, db
from app.roster.models import DutyShift
from app.tickets.models import Ticket, TicketStatus
from app.work_orders import jobs
from app.work_orders.models import OrderKind, OrderStatus, Visit, VisitAssistant, WorkOrder
from tests import factories
from tests.desk.test_own_reports import reported
from tests.personas import People, people, sign_in

SAFE = {"watcher": "王站长", "gas_reading": "O2 20.9 %"}


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.li)
    return everybody


@pytest.fixture
def press(client: FlaskClient) -> Callable[..., Any]:
    """Press a button of a job as its page shows it now."""

    def send(order: WorkOrder, step: str, **given: Any) -> Any:
        version = given.pop("version", WorkOrder.get_by_id(order.id).version)
        return client.post(f"/my/jobs/{order.number}/{step}", data={"version": version} | given)

    return send


def status_of(order: WorkOrder) -> str:
    return WorkOrder.get_by_id(order.id).status


def test_it_works(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    ticket = factories.ticket(machine=factories.machine(area=who.north), status=TicketStatus.IN_WORK, open_orders=1)
    order = factories.work_order(lead=who.li, ticket=ticket, machine=ticket.machine, status=OrderStatus.DISPATCHED, is_pit=True)
    assert order.machine.serial in client.get("/my/jobs").text
    for step, given, status in (
        ("acceptance", {}, OrderStatus.ACCEPTED),
        ("departure", {}, OrderStatus.TRAVELLING),
        ("arrival", SAFE, OrderStatus.ON_SITE),
        ("finish", {}, OrderStatus.FINISHED),
    ):
        answer = press(order, step, **given)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/my/jobs/{order.number}")
        assert status_of(order) == status
        assert client.get(f"/my/jobs/{order.number}").status_code == 200
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.RESOLVED
    assert f"unreported-{order.id}" in client.get("/my/jobs").text


def test_a_button_pressed_twice_is_one_step(who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li)
    for _ in range(2):
        assert press(order, "departure", version=1).status_code == 303
    assert (status_of(order), order.steps.count()) == (OrderStatus.TRAVELLING, 2)


def test_a_stale_page_changes_nothing_and_says_so(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    with db.transaction():
        WorkOrder.update(version=9).where(WorkOrder.id == order.id).execute()
    answer = press(order, "finish", version=3)
    assert (answer.status_code, status_of(order)) == (409, OrderStatus.ON_SITE)


def test_who_lost_the_job_is_told_who_has_it_now(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.DISPATCHED)
    with db.transaction():
        Visit.update(dropped_at=clock.now()).where(Visit.order == order).execute()
        WorkOrder.update(lead=who.wang, version=2).where(WorkOrder.id == order.id).execute()
    answer = press(order, "acceptance", version=1)
    assert answer.status_code == 409
    assert "王师傅" in answer.text
    page = client.get(f"/my/jobs/{order.number}").text
    assert "王师傅" in page
    assert "/acceptance" not in page
    assert order.number not in client.get("/my/jobs").text


def test_the_job_of_another_technician_is_not_there(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.wang, machine=factories.machine(area=who.north))
    assert client.get(f"/my/jobs/{order.number}").status_code == 404
    assert press(order, "departure").status_code == 404
    assert order.number not in client.get("/my/jobs").text


def test_a_returned_job_needs_a_reason_and_leaves_the_list(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.DISPATCHED)
    assert press(order, "refusal", reason=" ").status_code == 422
    answer = press(order, "refusal", reason="车坏了")
    assert answer.headers["Location"] == "/my/jobs"
    assert status_of(order) == OrderStatus.DECLINED
    assert press(order, "refusal", reason="车坏了", version=1).status_code == 303  # the same button again


def test_nobody_goes_down_without_a_watcher_and_a_gas_reading(who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.TRAVELLING, is_pit=True)
    answer = press(order, "arrival", watcher="王站长", gas_reading="")
    assert answer.status_code == 422
    assert 'value="王站长"' in answer.text
    assert status_of(order) == OrderStatus.TRAVELLING
    assert press(order, "arrival", **SAFE).status_code == 303
    assert Visit.get(Visit.order == order).watcher == "王站长"


def test_a_safety_stop_is_confirmed_first(who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.TRAVELLING, is_stop=True)
    assert press(order, "arrival").status_code == 422
    assert press(order, "arrival", is_stop_confirmed="1").status_code == 303
    assert Visit.get(Visit.order == order).stop_confirmed_at is not None


def test_parts_and_the_next_visit(who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.TRAVELLING)
    press(order, "arrival")
    assert press(order, "parts-wait", parts="").status_code == 422
    assert press(order, "parts-wait", parts="B 型油封两只").status_code == 303
    assert status_of(order) == OrderStatus.WAITING_PARTS
    for wrong in ("", "tomorrow", "2020-01-01T08:00"):
        assert press(order, "next-visit", planned_from=wrong).status_code == 422
    tomorrow = clock.now().astimezone(clock.zone()) + timedelta(days=1)
    assert press(order, "next-visit", planned_from=f"{tomorrow:%Y-%m-%dT%H:%M}").status_code == 303
    assert status_of(order) == OrderStatus.ACCEPTED
    assert Visit.select().where(Visit.order == order).count() == 2


def test_finishing_by_mistake_is_taken_back_for_an_hour(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.FINISHED)
    assert "/finish-undo" in client.get(f"/my/jobs/{order.number}").text
    assert press(order, "finish-undo").status_code == 303
    assert status_of(order) == OrderStatus.ON_SITE
    long_ago = clock.now() - timedelta(hours=2)
    old = factories.work_order(lead=who.li, status=OrderStatus.FINISHED, finished_at=long_ago)
    assert "/finish-undo" not in client.get(f"/my/jobs/{old.number}").text
    assert press(old, "finish-undo").status_code == 409


def local(at: datetime) -> str:
    return f"{at.astimezone(clock.zone()):%Y-%m-%dT%H:%M}"


def test_times_that_were_not_tapped_are_entered_later_and_marked(who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.FINISHED)
    before = clock.now() - timedelta(hours=3)
    answer = press(order, "times", departed_at=local(before), arrived_at=local(before - timedelta(hours=1)))
    assert answer.status_code == 422
    assert press(order, "times", departed_at=local(before), arrived_at=local(before + timedelta(hours=1))).status_code == 303
    visit = Visit.get(Visit.order == order)
    assert visit.is_entered_later
    assert local(visit.departed_at) == local(before)
    assert press(order, "times", departed_at="x").status_code == 422


def test_a_diagnosis_becomes_a_repair_only_when_the_gate_is_open(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    shut = factories.work_order(lead=who.li, kind=OrderKind.DIAGNOSIS, warranty="off", status=OrderStatus.ON_SITE)
    assert press(shut, "repair").status_code == 409
    assert WorkOrder.get_by_id(shut.id).kind == OrderKind.DIAGNOSIS
    wide = factories.work_order(lead=who.li, kind=OrderKind.DIAGNOSIS, warranty="in", status=OrderStatus.ON_SITE)
    assert press(wide, "repair").status_code == 303
    assert WorkOrder.get_by_id(wide.id).kind == OrderKind.REPAIR


def test_what_was_done_before_stands_first_when_it_was_the_same_fault(client: FlaskClient, who: People) -> None:
    machine = factories.machine(area=who.north)
    done: dict[str, Any] = {"machine": machine, "lead": who.li, "status": OrderStatus.FINISHED}
    long_ago = clock.now() - timedelta(days=90)
    same = factories.work_order(component="液压泵", title="旧的同一故障", finished_at=long_ago, **done)
    factories.work_order(title="新的别的故障", **done)
    reported(same)
    order = factories.work_order(machine=machine, lead=who.li, component="液压泵")
    page = client.get(f"/my/jobs/{order.number}").text
    assert same.number in page
    assert page.index("旧的同一故障") < page.index("新的别的故障")
    assert "上次同一故障用了：B 型油封×2" in page
    assert "更换油封" in page


def test_a_job_that_was_called_off_says_so(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.CANCELLED)
    page = client.get(f"/my/jobs/{order.number}").text
    assert "已撤销，不用再去" in page
    assert "main-action" not in page


def test_the_phone_numbers_stand_whole_on_the_own_job_alone(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li)
    contact = factories.contact(customer=order.customer, phone="13800001111")
    with db.transaction():
        WorkOrder.update(contact=contact).where(WorkOrder.id == order.id).execute()
    assert 'href="tel:13800001111"' in client.get(f"/my/jobs/{order.number}").text


def test_who_goes_along_sees_the_job_but_does_not_accept_it(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    order = factories.work_order(lead=who.wang, status=OrderStatus.DISPATCHED)
    with db.transaction():
        VisitAssistant.create(visit=Visit.get(Visit.order == order), user=who.li)
    assert order.machine.serial in client.get("/my/jobs").text
    assert "/acceptance" not in client.get(f"/my/jobs/{order.number}").text
    assert press(order, "acceptance").status_code == 403


def test_jobs_are_listed_by_what_comes_first(who: People) -> None:
    now = clock.now()
    first = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)
    second = factories.work_order(lead=who.li)
    third = factories.work_order(lead=who.li)
    with db.transaction():
        later = now + timedelta(days=2)
        Visit.update(planned_from=later, planned_until=later + timedelta(hours=1)).where(Visit.order == third).execute()
        DutyShift.create(user=who.li, role="technician", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    found = jobs.mine(who.li.id, now)
    assert (found.under_way, found.today, found.later, found.count) == ([first], [second], [third], 3)
    assert len(jobs.shifts_today(who.li.id, now)) == 1


def test_help_is_asked_once_and_the_ticket_becomes_major(client: FlaskClient, who: People, press: Callable[..., Any]) -> None:
    ticket = factories.ticket(machine=factories.machine(area=who.north), status=TicketStatus.IN_WORK, open_orders=1)
    order = factories.work_order(lead=who.li, ticket=ticket, machine=ticket.machine, status=OrderStatus.ON_SITE)
    assert press(order, "help", question=" ", form_token="h").status_code == 422
    for _ in range(2):
        assert press(order, "help", question="压力建立不起来", is_urgent="1", form_token="h").status_code == 303
    order = WorkOrder.get_by_id(order.id)
    assert (order.help_wanted_at is not None, order.version, order.guidance.count()) == (True, 1, 1)
    assert Ticket.get_by_id(ticket.id).is_major
    assert Notice.select().where(Notice.user == who.zhao, Notice.is_urgent).count() == 1
    assert "压力建立不起来" in client.get(f"/my/jobs/{order.number}").text


@pytest.mark.usefixtures("still_clock")
def test_the_list_answers_304_while_nothing_changes(client: FlaskClient, who: People) -> None:
    factories.work_order(lead=who.li)
    first = client.get("/my/jobs", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    tag = first.headers["HX-PTag"]
    assert client.get("/my/jobs", headers={"HX-Request": "true", "HX-PTag": tag}).status_code == 304
