"""Vehicles: entered once, changed as they were seen, taken out of use."""

import pytest
from peewee import Database

from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.roster import vehicles
from app.roster.models import Vehicle
from tests import factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


def test_it_works(who: People) -> None:
    by = actor_of(who.chen)
    vehicle = vehicles.enter(by=by, plate=" 云a·8k213 ", name="皮卡", area=who.north)
    assert vehicle.plate == "云A·8K213"
    vehicles.change(by=by, vehicle=vehicle, version=1, plate="云A·8K213", name="工具车", area=None, is_active=False)
    kept = Vehicle.get()
    assert (kept.name, kept.area, kept.is_active, kept.version) == ("工具车", None, False, 2)
    assert list(vehicles.listed(is_active=True)) == []
    assert HistoryEntry.select().where(HistoryEntry.object_type == "vehicle").count() == 2


def test_a_form_sent_twice_enters_one(who: People) -> None:
    made = [vehicles.enter(by=actor_of(who.chen), plate="云A·1", form_token="one") for _ in range(2)]
    assert made[0] == made[1]
    assert Vehicle.select().count() == 1


@pytest.mark.parametrize(("plate", "name"), [("", ""), ("x" * 21, ""), ("云A·1", "x" * 61)])
def test_what_cannot_be_is_refused(who: People, plate: str, name: str) -> None:
    with pytest.raises(Invalid):
        vehicles.enter(by=actor_of(who.chen), plate=plate, name=name)


def test_a_plate_stands_once_in_whatever_case(who: People) -> None:
    first = factories.vehicle(plate="云A·1B")
    with pytest.raises(Invalid) as refused:
        vehicles.enter(by=actor_of(who.chen), plate="云a·1b")
    assert "plate" in refused.value.fields
    vehicles.change(by=actor_of(who.chen), vehicle=first, version=1, plate="云A·1B", name="", area=None, is_active=True)


def test_who_changes_what_somebody_else_changed_is_told(who: People) -> None:
    vehicle = factories.vehicle()
    for name in ("first", "second"):
        values = {"by": actor_of(who.chen), "vehicle": vehicle, "version": 1, "plate": vehicle.plate, "area": None, "is_active": True}
        if name == "first":
            vehicles.change(name=name, **values)
        else:
            with pytest.raises(Conflict):
                vehicles.change(name=name, **values)
    assert Vehicle.get().name == "first"


def test_a_technician_enters_none(who: People) -> None:
    with pytest.raises(NotAllowed):
        vehicles.enter(by=actor_of(who.li), plate="云A·1")
