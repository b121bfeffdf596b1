"""Every form of the screens about an order, sent in every state of it: what the table of states allows happens, all else is refused in
words and changes no row. A route that takes a form about an order and stands in neither list fails.
"""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Area, Role, User
from app.core import clock
from app.work_orders.models import OrderStatus, WorkOrder
from tests.personas import actor_of, make_user, sign_in
from tests.work_orders.test_illegal_jumps import WAYS, Crew, brought_to, rows

# Who sends it, and which operation it is.
MOVING = {
    "jobs.accept": ("li", "accept"),
    "jobs.refuse": ("li", "decline"),
    "jobs.depart": ("li", "set_off"),
    "jobs.arrive": ("li", "arrive"),
    "jobs.wait_for_parts": ("li", "wait_for_parts"),
    "jobs.come_again": ("li", "come_again"),
    "jobs.finish": ("li", "finish"),
    "jobs.take_back_finish": ("li", "take_back_finish"),
    "dispatching.order": ("zhao", "dispatch"),
    "redispatching.reassignment": ("zhao", "reassign"),
    "redispatching.cancellation": ("zhao", "call_off"),
    "redispatching.acceptance": ("zhao", "accept_for"),
    "redispatching.parts_received": ("chen", "parts_are_here"),
    "redispatching.next_visit": ("chen", "plan_next_visit"),
}
# These leave the state as it is.
STAYING = {
    **dict.fromkeys(("jobs.enter_times", "jobs.begin_repair", "jobs.ask_for_help"), "li"),
    **dict.fromkeys(("report_writing.report", "report_signing.signature", "report_signing.link"), "li"),
    **dict.fromkeys(("redispatching.ratification", "redispatching.override", "guidance.give", "order_page.bind"), "zhao"),
    "redispatching.propose": "he",
    **dict.fromkeys(("service_reports.file_paper", "service_reports.remind", "cash.note_owed", "costs.order", "costs.compute"), "chen"),
    **dict.fromkeys(
        ("billing_details.on_the_job", "cash.take", "requisitions.of_job", "job_contract.write", "job_contract.take_back"), "li"
    ),
    "warranty.rule": "zhao",
}
# Tried with its own object.
ELSEWHERE = {"report_writing.remove_photo", "costs.remove"}


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def crew(database: Database) -> Crew:
    return Crew(
        zhao=actor_of(make_user(Role.DEPUTY, username="zhao", name="赵副经理")),
        chen=actor_of(make_user(Role.CLERK, username="chen", name="陈文员")),
        li=make_user(Role.TECHNICIAN, username="li", name="李工"),
        wang=make_user(Role.TECHNICIAN, username="wang", name="王工"),
    )


def clients_of(app: Flask, crew: Crew) -> dict[str, FlaskClient]:
    """The browsers of everybody who sends something here."""
    he = make_user(Role.AREA_MANAGER, areas=tuple(Area.select()))
    people = {"zhao": User.get_by_id(crew.zhao.user_id), "chen": User.get_by_id(crew.chen.user_id), "li": crew.li, "he": he}
    return {name: sign_in(app.test_client(), user) for name, user in people.items()}


def form_of(order: WorkOrder, lead: int) -> dict[str, str]:
    """What all forms ask for, filled in well."""
    start = (clock.now() + timedelta(days=1)).astimezone(clock.zone())
    return {
        "version": str(order.version), "reason": "x", "why": "x", "parts": "密封件", "watcher": "王站长", "gas_reading": "O2 20.9 %",
        "planned_from": f"{start:%Y-%m-%dT%H:%M}", "planned_until": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}", "lead": str(lead),
        "kind": order.kind, "title": order.title, "is_pit": "y", "text": "x", "question": "x",
    }  # fmt: skip


def routes(app: Flask) -> dict[str, tuple[str, str]]:
    """Endpoint: address and the name of the order in it, of every route that takes a form about an order."""
    return {
        rule.endpoint: (rule.rule, name)
        for rule in app.url_map.iter_rules()
        for name in ("order_number", "done_order_number")
        if name in rule.arguments and "POST" in (rule.methods or ())
    }


def test_it_works(app: Flask) -> None:
    assert routes(app).keys() == {*MOVING, *STAYING, *ELSEWHERE}


@pytest.mark.parametrize("present", OrderStatus)
def test_a_form_does_what_its_operation_may(app: Flask, crew: Crew, present: OrderStatus) -> None:
    clients = clients_of(app, crew)
    for endpoint, (who, way) in MOVING.items():
        order = brought_to(crew, present)
        target, starts = WAYS[way][1:]
        if who == "li" and order.lead_id is None:
            continue  # not the technician's any more; the access matrix sends those
        path, name = routes(app)[endpoint]
        before = rows()
        lead = crew.wang if way == "reassign" else crew.li
        answer = clients[who].post(path.replace(f"<{name}>", order.number), data=form_of(order, lead.id))
        found = WorkOrder.get_by_id(order.id).status
        assert answer.status_code < 500, endpoint
        assert found == (target if present in starts else present), (endpoint, answer.status_code)
        if present not in starts:
            assert answer.status_code != 200, endpoint
            assert rows() == before, endpoint


@pytest.mark.parametrize("present", OrderStatus)
def test_other_forms_leave_the_state_and_never_break(app: Flask, crew: Crew, present: OrderStatus) -> None:
    clients = clients_of(app, crew)
    for endpoint, who in STAYING.items():
        order = brought_to(crew, present)
        path, name = routes(app)[endpoint]
        before = rows()
        answer = clients[who].post(path.replace(f"<{name}>", order.number), data=form_of(order, crew.li.id))
        assert answer.status_code < 500, endpoint
        assert WorkOrder.get_by_id(order.id).status == present, endpoint
        if answer.status_code >= 400:
            assert rows() == before, endpoint
