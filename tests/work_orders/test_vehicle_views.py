"""The register of vehicles on screen, with what each is booked for on which day."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.core import clock, db
from app.roster.models import Vehicle
from app.work_orders import vehicle_bookings
from app.work_orders.models import OrderStatus, Visit
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    sent = {"plate": "云A·8K213", "name": "皮卡", "area": str(who.north.id), "form_token": "one"}
    for _ in range(2):
        assert client.post("/vehicles", data=sent).status_code == 303
    vehicle = Vehicle.get()
    assert vehicle.is_active
    order = factories.work_order(lead=who.li)
    with db.transaction():
        Visit.update(vehicle=vehicle).where(Visit.order == order).execute()
    page = client.get("/vehicles").text
    assert "云A·8K213" in page
    assert order.number in page
    assert client.post(f"/vehicles/{vehicle.id}", data={"plate": vehicle.plate, "version": "1"}).status_code == 303
    row = f'id="vehicle-{vehicle.id}"'
    assert row not in client.get("/vehicles").text
    assert row in client.get("/vehicles?state=any").text
    assert "云A·8K213" in client.get("/vehicles.csv?state=disabled").text
    assert client.get("/vehicles.xlsx").status_code == 200


def test_a_visit_of_several_days_stands_on_each_and_a_dropped_one_on_none(client: FlaskClient, who: People) -> None:
    vehicle, order = factories.vehicle(), factories.work_order(lead=who.li)
    days = vehicle_bookings.days_from(clock.today())
    start = clock.start_of(days[0]) + timedelta(hours=8)
    with db.transaction():
        Visit.update(vehicle=vehicle, planned_from=start, planned_until=start + timedelta(days=2)).where(Visit.order == order).execute()
    assert {day for _vehicle, day in vehicle_bookings.booked(days)} == set(days[:3])
    with db.transaction():
        Visit.update(dropped_at=clock.now()).where(Visit.order == order).execute()
    assert not vehicle_bookings.booked(days)


def test_what_ends_at_midnight_does_not_stand_on_the_next_day(client: FlaskClient, who: People) -> None:
    vehicle, order = factories.vehicle(), factories.work_order(lead=who.li, status=OrderStatus.ACCEPTED)
    days = vehicle_bookings.days_from(clock.today())
    with db.transaction():
        span = {"planned_from": clock.start_of(days[1]) - timedelta(hours=2), "planned_until": clock.start_of(days[1])}
        Visit.update(vehicle=vehicle, **span).where(Visit.order == order).execute()
    assert [day for _vehicle, day in vehicle_bookings.booked(days)] == [days[0]]


def test_a_second_vehicle_with_the_plate_is_refused_and_what_was_typed_stays(client: FlaskClient, who: People) -> None:
    factories.vehicle(plate="云A·1")
    answer = client.post("/vehicles", data={"plate": "云A·1", "name": "工具车", "form_token": "two"})
    assert answer.status_code == 422
    assert "工具车" in answer.text
    assert "该车牌号已登记" in answer.text


def test_a_stale_form_comes_back_with_what_was_typed(client: FlaskClient, who: People) -> None:
    vehicle = factories.vehicle(version=3)
    answer = client.post(f"/vehicles/{vehicle.id}", data={"plate": vehicle.plate, "name": "typed by me", "version": "2"})
    assert answer.status_code == 409
    assert "typed by me" in answer.text


@pytest.mark.parametrize("query", ["state=odd", "area=x", "from=odd"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/vehicles?{query}").status_code == 422
