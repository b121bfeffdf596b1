"""What waits for whom besides tickets: orders, reports and call-backs, each with its one button."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Authority, Role
from app.callbacks.models import CallBack
from app.core import clock
from app.home import queries
from app.work_orders.models import GateOverride, OrderStatus, Proposal, WorkOrder
from tests import factories
from tests.personas import actor_of, make_user, sign_in

pytestmark = pytest.mark.usefixtures("sqlite_database")


def recorded(order: WorkOrder, **values: object) -> CallBack:
    defaults = {
        "order": order, "status": "recorded", "outcome": "reached", "call": "c", "called_at": clock.now(), "result_score": 5,
        "attitude_score": 5, "timeliness_score": 5, "recorded_at": clock.now(), "recorded_by_name": "陈文员",
    }  # fmt: skip
    return CallBack.create(**defaults | values)


def steps(user: object) -> list[str]:
    return [item.step.href for item in queries.waiting(actor_of(user))]


def test_it_works(client: FlaskClient) -> None:
    order = factories.work_order(status=OrderStatus.DECLINED)
    sign_in(client, make_user(Role.DEPUTY))
    text = client.get("/").text
    assert f'href="/work-orders/{order.number}/dispatch"' in text
    assert order.machine.serial in text


def test_a_ticket_whose_order_is_in_the_queue_stands_there_once() -> None:
    ticket = factories.ticket(status="waiting_dispatch")
    deputy = make_user(Role.DEPUTY)
    assert steps(deputy) == [f"/dispatch/tickets/{ticket.number}"]
    order = factories.work_order(status=OrderStatus.DECLINED, ticket=ticket)
    assert steps(deputy) == [f"/work-orders/{order.number}/dispatch"]


def test_what_was_agreed_by_phone_waits_for_who_agreed() -> None:
    zhao, other = make_user(Role.DEPUTY), make_user(Role.DEPUTY)
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), agreed_by=zhao)
    assert steps(zhao) == [f"/work-orders/{order.number}/ratification"]
    assert steps(other) == []
    now, sub = clock.now(), make_user(Role.CLERK)
    span = {"from_at": now - timedelta(hours=1), "until_at": now + timedelta(hours=1), "given_at": now}
    Authority.create(giver=zhao, holder=sub, permission="orders.ratify", **span)
    assert steps(sub) == [f"/work-orders/{order.number}/ratification"]


def test_an_override_waits_for_the_manager_but_not_for_who_gave_it() -> None:
    giver, reader = make_user(Role.MANAGER), make_user(Role.MANAGER)
    order = factories.work_order(lead=make_user(Role.TECHNICIAN))
    row = GateOverride.create(order=order, at=clock.now(), by=giver, by_name=giver.name, reason="异味")
    assert steps(reader) == [f"/gate-overrides/{row.id}/reading"]
    assert steps(giver) == []


def test_help_and_proposals_wait_for_the_deputy() -> None:
    order = factories.work_order(lead=make_user(Role.TECHNICIAN), help_wanted_at=clock.now())
    Proposal.create(order=order, at=clock.now(), by=make_user(Role.AREA_MANAGER), by_name="何军", text="换王工")
    assert steps(make_user(Role.DEPUTY)) == [f"/work-orders/{order.number}#guidance", f"/work-orders/{order.number}#proposals"]


def test_a_call_back_waits_for_the_clerk_once_it_is_due_and_then_for_who_signs_and_reads() -> None:
    now = clock.now()
    chen, zhao, liu = make_user(Role.CLERK), make_user(Role.DEPUTY), make_user(Role.MANAGER)
    order = factories.work_order(status=OrderStatus.FINISHED, lead=make_user(Role.TECHNICIAN))
    assert steps(chen) == []
    WorkOrder.update(call_back_due_at=now - timedelta(hours=1)).where(WorkOrder.id == order.id).execute()
    assert steps(chen) == [f"/call-backs/new?order={order.number}"]
    WorkOrder.update(called_back_at=now).where(WorkOrder.id == order.id).execute()
    record = recorded(order, recorded_by=chen)
    assert (steps(chen), steps(zhao), steps(liu)) == ([], ["/call-backs?tab=to-sign"], [])
    CallBack.update(status="signed", signed_by=zhao, signed_at=now, signed_by_name=zhao.name).where(CallBack.id == record.id).execute()
    assert (steps(zhao), steps(liu)) == ([], ["/call-backs?tab=to-read"])


def test_a_poor_score_stands_singly_and_its_follow_up_waits_for_its_owner() -> None:
    zhao = make_user(Role.DEPUTY)
    order = factories.work_order(status=OrderStatus.FINISHED, lead=make_user(Role.TECHNICIAN))
    owner = make_user(Role.CLERK)
    record = recorded(
        order, recorded_by=make_user(Role.CLERK), attitude_score=1, is_poor=True, follow_up="道歉并复查", follow_up_owner=owner,
        follow_up_due_on=clock.now().date(),
    )  # fmt: skip
    assert steps(zhao) == [f"/call-backs/{record.id}"]
    assert steps(owner) == [f"/call-backs/{record.id}"]


def test_who_signs_for_somebody_away_sees_what_waits_for_them() -> None:
    zhao, sub = make_user(Role.DEPUTY), make_user(Role.CLERK)
    order = factories.work_order(status=OrderStatus.FINISHED, lead=make_user(Role.TECHNICIAN))
    recorded(order, recorded_by=make_user(Role.CLERK))
    assert steps(sub) == []
    now = clock.now()
    Authority.create(
        giver=zhao,
        holder=sub,
        permission="call_backs.sign",
        from_at=now - timedelta(hours=1),
        until_at=now + timedelta(hours=1),
        given_at=now,
    )
    assert steps(sub) == ["/call-backs?tab=to-sign"]


def test_a_ticket_that_closes_with_its_order_waits_for_nobody() -> None:
    ticket = factories.ticket(status="resolved", resolved_at=clock.now())
    clerk = make_user(Role.CLERK)
    assert steps(clerk) == [f"/tickets/{ticket.number}/state"]
    factories.work_order(status=OrderStatus.FINISHED, ticket=ticket, lead=make_user(Role.TECHNICIAN))
    assert steps(clerk) == []
