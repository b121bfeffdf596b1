"""The warranty proof, extensions and rulings on screen."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from app.contracts.models import WarrantyExtension
from app.work_orders.models import WorkOrder
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    machine = factories.machine(accepted_on=date(2020, 1, 1), shipped_on=None)
    at = f"/machines/{machine.serial}/warranty"
    data = {"until_on": "2040-01-31", "reason": "销售合同约定", "form_token": "one"}
    for _ in range(2):  # a double click
        assert client.post(f"{at}/extensions", data=data).status_code == 303
    row = WarrantyExtension.get()
    assert "销售合同约定" in client.get(f"{at}/proof?on=2039-01-01").text
    assert "2040" in client.get(f"/machines/{machine.serial}").text
    assert "2040" in client.get(f"{at}/print").text
    assert client.post(f"{at}/extensions/{row.id}/revocation").status_code == 303
    assert WarrantyExtension.get().revoked_at is not None


def test_the_proof_is_asked_for_a_day_a_part_and_misuse(client: FlaskClient, who: People) -> None:
    machine, part = factories.machine(accepted_on=date(2020, 1, 1)), money_factories.part(is_wear=True, name="密封圈")
    at = f"/machines/{machine.serial}/warranty/proof"
    assert "密封圈" in client.get(f"{at}?part={part.number}&on=2020-02-02").text
    assert client.get(f"{at}?misuse=1").status_code == 200
    assert client.get(f"{at}?part=none").status_code == 422
    assert client.get(f"{at}?on=x").status_code == 422


def test_a_ruling_stands_on_order_job_and_dispatch_form(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li, warranty="off")
    at = f"/work-orders/{order.number}/warranty"
    data = {"version": "1", "state": "in", "reason": "首件故障"}
    assert client.post(f"{at}/rulings", data=data).status_code == 303
    assert "首件故障" in client.get(at).text
    assert "首件故障" in client.get(f"/work-orders/{order.number}").text
    again = client.post(f"{at}/rulings", data=data | {"state": "off"})
    assert again.status_code == 409
    assert WorkOrder.get().warranty == "in"
    sign_in(client, who.li)
    assert "首件故障" in client.get(f"/my/jobs/{order.number}").text
    sign_in(client, who.zhao)
    queued = factories.work_order(status="draft")
    assert "warranty-proof" in client.get(f"/work-orders/{queued.number}/dispatch").text


def test_a_ruling_without_a_reason_comes_back(client: FlaskClient, who: People) -> None:
    order = factories.work_order(lead=who.li)
    answer = client.post(f"/work-orders/{order.number}/warranty/rulings", data={"version": "1", "state": "off", "part_name": "泵"})
    assert answer.status_code == 422
    assert "泵" in answer.text
