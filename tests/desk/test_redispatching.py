"""What the desk does with an order that was dispatched: reassigned, ratified, accepted for somebody, called off; proposals, overrides."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Notice, User
from app.core import clock, db
from app.work_orders.models import GateOverride, OrderStatus, OrderStep, Proposal, Visit, WorkOrder
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


def out(who: People, **values: object) -> WorkOrder:
    return factories.work_order(**{"lead": who.li, "machine": factories.machine(area=who.north), "status": OrderStatus.DISPATCHED} | values)


def local(at: datetime) -> str:
    return f"{at.astimezone(clock.zone()):%Y-%m-%dT%H:%M}"


def typed(order: WorkOrder, lead: User, **values: object) -> dict[str, object]:
    start = clock.now() + timedelta(hours=5)
    return {
        "version": order.version, "form_token": "one", "lead": lead.id, "planned_from": local(start),
        "planned_until": local(start + timedelta(hours=2)), "reason": "离得近",
    } | values  # fmt: skip


def present(order: WorkOrder) -> WorkOrder:
    return WorkOrder.get_by_id(order.id)


def test_it_works(client: FlaskClient, who: People) -> None:
    order = out(who)
    path = f"/work-orders/{order.number}/reassignment"
    assert who.wang.name in client.get(path).text
    assert client.post(path, data=typed(order, who.wang, reason=" ")).status_code == 422
    for _ in range(2):
        assert client.post(path, data=typed(order, who.wang)).status_code == 303
    assert present(order).lead == who.wang
    assert Notice.select().where(Notice.user == who.li, Notice.params.contains("离得近")).exists()
    stale = client.post(path, data=typed(order, who.li, form_token="two", reason="改回来"))
    assert stale.status_code == 409
    assert "改回来" in stale.text


def test_a_provisional_dispatch_is_ratified_once(client: FlaskClient, who: People) -> None:
    order = out(who, agreed_by=who.zhao)
    path = f"/work-orders/{order.number}/ratification"
    assert client.post(path).status_code == 303
    assert present(order).ratified_by == who.zhao
    assert client.post(path).status_code == 409
    sign_in(client, who.chen)
    assert client.post(path).status_code == 403


def test_the_deputy_accepts_for_who_confirmed_by_phone(client: FlaskClient, who: People) -> None:
    order = out(who)
    path = f"/work-orders/{order.number}/acceptance"
    assert client.post(path, data={"version": 99}).status_code == 409
    assert client.post(path, data={"version": order.version}).status_code == 303
    assert present(order).status == OrderStatus.ACCEPTED


def test_parts_that_have_come_put_the_order_into_the_queue(client: FlaskClient, who: People) -> None:
    order = out(who, status=OrderStatus.WAITING_PARTS)
    path = f"/work-orders/{order.number}/parts-received"
    assert client.post(path, data={"version": order.version}).status_code == 303
    assert (present(order).status, present(order).lead) == (OrderStatus.DRAFT, None)
    assert client.post(path, data={"version": order.version}).status_code == 409


def test_calling_off_takes_a_reason_and_for_what_is_out_the_deputy(client: FlaskClient, who: People) -> None:
    order = out(who)
    path = f"/work-orders/{order.number}/cancellation"
    assert who.li.name in client.get(path).text
    assert client.post(path, data={"version": order.version, "reason": ""}).status_code == 422
    sign_in(client, who.chen)
    refused = client.post(path, data={"version": order.version, "reason": "客户自己修好了"})
    assert refused.status_code == 409
    assert "客户自己修好了" in refused.text
    sign_in(client, who.liu)
    assert client.post(path, data={"version": order.version, "reason": "客户自己修好了"}).status_code == 303
    assert present(order).status == OrderStatus.CANCELLED


def test_the_next_visit_is_planned_for_who_waits_for_parts(client: FlaskClient, who: People) -> None:
    order = out(who, status=OrderStatus.WAITING_PARTS)
    with db.transaction():
        Visit.update(dropped_at=clock.now()).where(Visit.order == order).execute()
    path = f"/work-orders/{order.number}/next-visit"
    assert client.get(path).status_code == 200
    assert client.post(path, data=typed(order, who.li, planned_from="2020-01-01T08:00")).status_code == 422
    assert client.post(path, data=typed(order, who.li)).status_code == 303
    assert present(order).status == OrderStatus.ACCEPTED
    assert client.post(path, data=typed(order, who.li)).status_code == 409


def test_an_area_manager_proposes_and_the_deputy_takes_it(client: FlaskClient, who: People) -> None:
    order = out(who)
    sign_in(client, who.area_manager)
    path = f"/work-orders/{order.number}/proposals"
    assert client.post(path, data={"form_token": "p", "user": "", "text": ""}).status_code == 422
    for _ in range(2):
        assert client.post(path, data={"form_token": "p", "user": who.wang.id, "text": "离得近"}).status_code == 303
    made = Proposal.get()
    assert "离得近" in client.get(path).text
    sign_in(client, who.zhao)
    assert "离得近" in client.get("/dispatch").text
    form = client.get(f"/work-orders/{order.number}/reassignment?proposal={made.id}").text
    assert f'value="{who.wang.id}" checked' in form
    sent = typed(order, who.wang, proposal=made.id)
    assert client.post(f"/work-orders/{order.number}/reassignment", data=sent).status_code == 303
    assert Proposal.get().is_taken


def test_declining_a_proposal_takes_an_answer(client: FlaskClient, who: People) -> None:
    made = factories.proposal(order=out(who))
    assert client.post(f"/proposals/{made.id}/decision", data={"answer": ""}).status_code == 422
    assert client.post(f"/proposals/{made.id}/decision", data={"answer": "他明天请假"}).status_code == 303
    assert Proposal.get().is_taken is False
    assert client.post(f"/proposals/{made.id}/decision", data={"answer": "再说"}).status_code == 409


def test_an_order_of_another_area_takes_no_proposal(client: FlaskClient, who: People) -> None:
    far = factories.work_order(machine=factories.machine(area=who.south), lead=who.wang)
    sign_in(client, who.area_manager)
    assert client.post(f"/work-orders/{far.number}/proposals", data={"text": "x"}).status_code == 404


def test_an_override_is_read_by_the_manager_and_not_by_who_made_it(client: FlaskClient, who: People) -> None:
    order = out(who)
    path = f"/work-orders/{order.number}/override"
    assert client.post(path, data={"reason": " "}).status_code == 422
    assert client.post(path, data={"reason": "站里停运"}).status_code == 303
    own = factories.gate_override(by=who.liu, by_name=who.liu.name, reason="自己放行")
    sign_in(client, who.liu)
    assert "站里停运" in client.get("/gate-overrides").text
    found = GateOverride.get(GateOverride.order == order)
    assert client.post(f"/gate-overrides/{found.id}/reading").status_code == 303
    assert client.post(f"/gate-overrides/{found.id}/reading").status_code == 409
    assert client.post(f"/gate-overrides/{own.id}/reading").status_code == 409
    assert "站里停运" not in client.get("/gate-overrides").text
    assert "站里停运" in client.get("/gate-overrides.csv?state=any").text
    assert client.get("/gate-overrides.xlsx").status_code == 200
    assert client.get("/gate-overrides?state=odd").status_code == 422


def test_the_step_of_a_reassignment_keeps_its_reason(client: FlaskClient, who: People) -> None:
    order = out(who)
    client.post(f"/work-orders/{order.number}/reassignment", data=typed(order, who.wang))
    step = OrderStep.select().where(OrderStep.order == order).order_by(OrderStep.id.desc()).first()
    assert (step.to_status, step.reason) == (OrderStatus.DISPATCHED, "离得近")
