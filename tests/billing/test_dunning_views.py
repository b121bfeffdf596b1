"""Dunning on screen."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.billing.models import DunningRecord, DunningStep, Receivable
from app.core import clock
from tests import factories, money_factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable(overdue=10, customer=factories.customer(area=who.north, name="Owing Ltd"))
    assert "Owing Ltd" in client.get("/dunning").text
    address = f"/dunning/customers/{owed.customer_id}"
    tomorrow = clock.today() + timedelta(days=1)
    sent = {"act": "call", "result": "pays soon", "step": "", "receivable": "", "promised_on": str(tomorrow), "form_token": "t"}
    assert client.post(address, data=sent).status_code == 303
    page = client.get(address).text
    assert "pays soon" in page
    assert "Owing Ltd" not in client.get("/dunning").text
    assert "Owing Ltd" in client.get("/dunning?what=promised").text
    assert "pays soon" in client.get("/dunning/records").text


def test_a_refused_demand_loses_nothing(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable(overdue=10)
    answer = client.post(f"/dunning/customers/{owed.customer_id}", data={"act": "visit", "result": "my words", "promised": "x"})
    assert answer.status_code == 422
    assert "my words" in answer.text


def test_a_debtor_of_another_area_is_not_to_be_seen(client: FlaskClient, who: People) -> None:
    far = money_factories.receivable(overdue=10, customer=factories.customer(area=who.south, name="Far Ltd"))
    demand = money_factories.demanded(customer=far.customer)
    sign_in(client, who.li)
    assert client.get(f"/dunning/customers/{far.customer_id}").status_code == 404
    assert client.post(f"/dunning/customers/{far.customer_id}", data={"act": "visit", "result": "x"}).status_code == 404
    assert client.get(f"/dunning/records/{demand.id}/letter").status_code == 404
    for address in ("/dunning?what=all", "/dunning.csv?what=all", "/dunning/records", "/dunning/records.csv", "/service-stops"):
        assert "Far Ltd" not in client.get(address).text


def test_a_deputy_reads_and_writes_nothing(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable(overdue=10)
    sign_in(client, who.zhao)
    assert client.get(f"/dunning/customers/{owed.customer_id}").status_code == 200
    assert client.post(f"/dunning/customers/{owed.customer_id}", data={"act": "call", "result": "x"}).status_code == 403


def test_a_letter_is_kept_and_proves_the_demand(client: FlaskClient, who: People) -> None:
    owed = money_factories.receivable(overdue=20)
    step = DunningStep.get(DunningStep.days == 15)
    answer = client.post(f"/dunning/customers/{owed.customer_id}/letters", data={"step": step.id, "form_token": "t"})
    assert answer.status_code == 303
    record = DunningRecord.get()
    assert Receivable.get_by_id(owed.id).demanded_on is not None
    assert client.get(f"/dunning/records/{record.id}/letter").data.startswith(b"%PDF")


def test_no_letter_is_written_where_nothing_is_overdue(client: FlaskClient, who: People) -> None:
    ahead = money_factories.receivable(overdue=-20)
    step = DunningStep.get(DunningStep.days == 15)
    client.post(f"/dunning/customers/{ahead.customer_id}/letters", data={"step": step.id})
    assert client.get(f"/dunning/customers/{ahead.customer_id}/letter.pdf?step={step.id}").status_code == 409
    assert DunningRecord.select().count() == 0


@pytest.mark.parametrize("address", ["/dunning", "/dunning/records", "/service-stops"])
def test_lists_export(client: FlaskClient, who: People, address: str) -> None:
    money_factories.demanded(customer=money_factories.receivable(overdue=10).customer)
    assert client.get(address).status_code == client.get(f"{address}.csv").status_code == client.get(f"{address}.xlsx").status_code == 200


@pytest.mark.parametrize("query", ["what=odd", "area=x", "role=odd", "sort=odd", "after=x"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/dunning?{query}").status_code == 422
