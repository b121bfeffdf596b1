"""Call-backs in a machine's timeline: for those who may list them, never for the customer."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from tests import factories
from tests.callbacks.desk import desk, finished
from tests.personas import sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens do not depend on the database."""
    return sqlite_database


def test_it_works(client: FlaskClient) -> None:
    centre = desk()
    order = finished(centre.who.li, area=centre.who.north)
    factories.call_back(order=order, scores=(5, 2, 5), text="态度不好", recorded_by=centre.who.chen)
    path = f"/machines/{order.machine.serial}"
    sign_in(client, centre.who.chen)
    assert "态度不好" in client.get(path).text
    assert "态度不好" in client.get(f"{path}?kind=call_back&q=态度").text
    assert "态度不好" in client.get(f"{path}/print").text
    assert "态度不好" not in client.get(f"{path}/print?for=customer").text
    sign_in(client, centre.who.li)
    assert "态度不好" not in client.get(path).text
