"""Ratifying and overriding in somebody's place: both names stand there, and nobody ratifies or reads their own."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core.errors import Conflict, NotAllowed
from app.work_orders import dispatching, gate
from app.work_orders.models import GateOverride, WorkOrder
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(sqlite_database: Database) -> People:
    return people()


def provisional(who: People, **values: object) -> WorkOrder:
    dispatched = {"dispatched_by": who.admin, "dispatched_by_name": "管理员", "agreed_by": who.zhao}
    return factories.work_order(lead=who.li, **dispatched | values)


def test_it_works(who: People) -> None:
    order = provisional(who)
    with pytest.raises(NotAllowed):
        dispatching.ratify(by=actor_of(who.chen), order=order)
    factories.authority(who.zhao, who.chen, "orders.ratify")
    dispatching.ratify(by=actor_of(who.chen), order=order)
    assert WorkOrder.get_by_id(order.id).ratified_by_name == "陈文员 (代赵副经理)"


def test_who_dispatched_does_not_ratify_in_whatever_place(who: People) -> None:
    order = provisional(who, dispatched_by=who.chen)
    factories.authority(who.zhao, who.chen, "orders.ratify")
    with pytest.raises(Conflict):
        dispatching.ratify(by=actor_of(who.chen), order=order)
    dispatching.ratify(by=actor_of(who.zhao), order=order)
    assert WorkOrder.get_by_id(order.id).ratified_by_name == "赵副经理"


def test_the_gate_is_overridden_and_read_in_somebodys_place(who: People) -> None:
    order = factories.work_order(warranty="off", lead=who.li)
    factories.authority(who.zhao, who.chen, "gate.override")
    factories.authority(who.liu, who.chen, "gate.read_overrides")
    factories.authority(who.liu, who.zhao, "gate.read_overrides")
    found = gate.override(by=actor_of(who.chen), order=order, reason="站里停运")
    assert found.by_name == "陈文员 (代赵副经理)"
    with pytest.raises(Conflict):
        gate.read_override(by=actor_of(who.chen), override_id=found.id)
    gate.read_override(by=actor_of(who.zhao), override_id=found.id)
    assert GateOverride.get_by_id(found.id).read_by_name == "赵副经理 (代刘经理)"


class TestOnScreen:
    """The same routes for who holds the right and who was given it."""

    @pytest.fixture
    def database(self, sqlite_database: Database) -> Database:
        return sqlite_database

    def test_it_works(self, client: FlaskClient, who: People) -> None:
        order = provisional(who)
        sign_in(client, who.chen)
        assert "/ratification" not in client.get(f"/work-orders/{order.number}").text
        assert client.post(f"/work-orders/{order.number}/ratification").status_code == 403
        factories.authority(who.zhao, who.chen, "orders.ratify")
        assert "/ratification" in client.get(f"/work-orders/{order.number}").text
        assert client.post(f"/work-orders/{order.number}/ratification").status_code == 303

    def test_the_overrides_open_to_who_was_given_them(self, client: FlaskClient, who: People) -> None:
        override = factories.gate_override(order=factories.work_order(lead=who.li))
        sign_in(client, who.chen)
        for path in ("/gate-overrides", "/gate-overrides.csv", "/gate-overrides.xlsx"):
            assert client.get(path).status_code == 403
        assert client.get(f"/work-orders/{override.order.number}/override").status_code == 403
        factories.authority(who.liu, who.chen, "gate.read_overrides")
        for path in ("/gate-overrides", "/gate-overrides.csv", "/gate-overrides.xlsx"):
            assert client.get(path).status_code == 200
        assert client.post(f"/gate-overrides/{override.id}/reading").status_code == 303
