"""A return opened by hand, for a report on paper."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Notice
from app.core.errors import Invalid, NotAllowed
from app.returns import opening
from app.returns.models import DefectiveReturn
from app.returns.opening import ByHand
from tests import factories, money_factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, status="finished")
    part = money_factories.part(name="齿轮泵")
    assert f"/returns/new?order={order.number}" in client.get(f"/work-orders/{order.number}").text
    assert f'value="{order.number}"' in client.get(f"/returns/new?order={order.number}").text
    given = {"order": order.number, "part": part.number, "serial": "A1", "quantity": "2", "reason": "纸质报告 0815", "form_token": "t" * 20}
    first, again = (client.post("/returns/new", data=given) for _ in range(2))
    row = DefectiveReturn.get()
    assert first.headers["Location"] == again.headers["Location"] == f"/returns/{row.number}"
    assert (row.part_id, row.part_name, row.serial, row.quantity, row.order_id) == (part.id, "齿轮泵", "A1", Decimal(2), order.id)
    assert (row.machine_id, row.technician_id, row.status) == (order.machine_id, who.li.id, "due")
    assert Notice.select().where(Notice.user == who.li, Notice.href == "/my/returns").count() == 1
    page = client.get(f"/returns/{row.number}").text
    assert "纸质报告 0815" in page
    assert who.chen.name in page


def test_a_machine_without_an_order_and_a_part_in_words_will_do(client: FlaskClient, who: People) -> None:
    machine = factories.machine()
    given = {"machine": machine.serial, "part": "旧油管", "quantity": "1", "reason": "纸质报告", "technician": str(who.li.id)}
    assert client.post("/returns/new", data=given).status_code == 303
    row = DefectiveReturn.get()
    assert (row.part_name, row.part_number, row.order_id, row.technician_id) == ("旧油管", "", None, who.li.id)


@pytest.mark.parametrize(
    "wrong", [{"machine": ""}, {"machine": "NONE"}, {"order": "W0"}, {"part": " "}, {"quantity": "0"}, {"quantity": "x"}, {"reason": ""}]
)
def test_what_is_missing_is_said_and_what_was_typed_stays(client: FlaskClient, who: People, wrong: dict[str, str]) -> None:
    given = {"machine": factories.machine().serial, "part": "旧油管", "serial": "A77", "quantity": "1", "reason": "纸质报告"}
    answer = client.post("/returns/new", data=given | wrong)
    assert answer.status_code == 422
    assert "A77" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert DefectiveReturn.select().count() == 0


def test_the_order_is_that_of_the_machine(who: People) -> None:
    order, other = factories.work_order(lead=who.li, status="finished"), factories.machine()
    wanted = ByHand(machine=other, order=order, part="旧油管", quantity=Decimal(1), reason="纸质报告")
    with pytest.raises(Invalid) as error:
        opening.open_by_hand(by=actor_of(who.chen), wanted=wanted)
    assert set(error.value.fields) == {"machine"}


def test_technicians_open_none_by_hand(client: FlaskClient, who: People) -> None:
    wanted = ByHand(machine=factories.machine(), part="旧油管", quantity=Decimal(1), reason="纸质报告")
    with pytest.raises(NotAllowed):
        opening.open_by_hand(by=actor_of(who.li), wanted=wanted)
    sign_in(client, who.li)
    assert client.get("/returns/new").status_code == 403
    assert "/returns/new" not in client.get("/returns").text
