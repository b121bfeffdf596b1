"""Who asks for help stands on the list until somebody answers; the technician is told; the log prints."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Notice
from app.work_orders import guidance
from app.work_orders.models import Guidance, OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


def asked(who: People) -> WorkOrder:
    order = factories.work_order(lead=who.li, machine=factories.machine(area=who.north), status=OrderStatus.ON_SITE)
    guidance.ask(by=actor_of(who.li), order=order, question="压力建立不起来")
    return order


def test_it_works(client: FlaskClient, who: People) -> None:
    order = asked(who)
    assert "压力建立不起来" in client.get("/guidance").text
    for _ in range(2):
        assert client.post(f"/work-orders/{order.number}/guidance", data={"text": "先查溢流阀", "form_token": "g"}).status_code == 303
    assert order.number not in client.get("/guidance").text
    assert [row.is_question for row in Guidance.select().order_by(Guidance.id)] == [True, False]
    assert Notice.select().where(Notice.user == who.li, Notice.href == f"/my/jobs/{order.number}").count() == 1
    paper = client.get(f"/work-orders/{order.number}/guidance/print").text
    assert paper.index("压力建立不起来") < paper.index("先查溢流阀")


def test_an_answer_says_something(client: FlaskClient, who: People) -> None:
    order = asked(who)
    answer = client.post(f"/work-orders/{order.number}/guidance", data={"text": " "})
    assert answer.status_code == 422
    assert WorkOrder.get_by_id(order.id).help_wanted_at is not None


def test_who_waits_longest_stands_first(client: FlaskClient, who: People) -> None:
    first, second = asked(who), asked(who)
    page = client.get("/guidance").text
    assert page.index(first.number) < page.index(second.number)
    guidance.ask(by=actor_of(who.li), order=first, question="还有异响")  # not to the end of the line with that
    page = client.get("/guidance").text
    assert page.index(first.number) < page.index(second.number)


def test_a_technician_gives_no_guidance_and_sees_the_own_areas_alone(client: FlaskClient, who: People) -> None:
    order = asked(who)
    sign_in(client, who.wang)
    assert order.number not in client.get("/guidance").text
    assert client.post(f"/work-orders/{order.number}/guidance", data={"text": "x"}).status_code == 403
    assert client.get(f"/work-orders/{order.number}/guidance/print").status_code == 404


def test_help_ends_with_the_job(client: FlaskClient, who: People) -> None:
    order = asked(who)
    sign_in(client, who.li)
    client.post(f"/my/jobs/{order.number}/finish", data={"version": WorkOrder.get_by_id(order.id).version})
    assert guidance.wanted(actor_of(who.zhao)) == []
