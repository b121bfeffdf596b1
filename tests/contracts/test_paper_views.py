"""A contract on paper: amounts in figures and capitals, who signed, who approved."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.contracts.models import Contract, ContractStatus
from app.core import db
from tests.money_factories import contract
from tests.personas import People, people, sign_in

S = ContractStatus


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    made = contract(S.SIGNED)
    page = client.get(f"/contracts/{made.number}/print").text
    for words in ("壹仟贰佰元整", "¥1,200.00", "王站长", "刘经理", made.digest or "?", made.customer.name):
        assert words in page
    answer = client.get(f"/contracts/{made.number}.pdf")
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")


def test_a_draft_says_so(client: FlaskClient, who: People) -> None:
    assert "尚未批复" in client.get(f"/contracts/{contract().number}/print").text


def test_one_signature_for_two_stands_on_the_print(client: FlaskClient, who: People) -> None:
    made = contract(S.APPROVED)
    with db.transaction():
        Contract.update(single_reason="只有一人值班").execute()
    assert "只有一人值班" in client.get(f"/contracts/{made.number}/print").text
