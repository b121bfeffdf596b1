"""Stations and departments: kept by those who may, once each, out of use rather than deleted."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Department, Role, Station, User
from app.core.history import HistoryEntry
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}
STATION = {"name": "滨河驻点", "address": "滨河路 1 号", "is_active": "y", "form_token": "t1"}
DEPARTMENT = {"name": "质检部", "email": "quality@example.com", "is_active": "y", "form_token": "t2"}


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.ADMIN))


def add_station(client: FlaskClient, **values: str) -> Station:
    area = make_area("东部")
    assert client.post("/stations/new", data=STATION | {"area": str(area.id)} | values).status_code == 303
    return Station.select().order_by(Station.id.desc()).get()


def test_it_works(admin: FlaskClient) -> None:
    station = add_station(admin)
    make_user(Role.TECHNICIAN, name="李师傅")
    User.update(station=station).where(User.name == "李师傅").execute()
    page = admin.get("/stations").text
    assert "滨河驻点" in page
    assert "李师傅" in admin.get(f"/stations/{station.id}").text
    assert admin.post("/departments/new", data=DEPARTMENT).status_code == 303
    assert "quality@example.com" in admin.get("/departments").text


@pytest.mark.parametrize(("address", "list_id"), [("/stations", "station-list"), ("/departments", "department-list")])
def test_htmx_gets_the_list_alone_and_an_empty_one_says_what_to_do(admin: FlaskClient, address: str, list_id: str) -> None:
    answer = admin.get(address, headers=HTMX)
    assert "<html" not in answer.text
    assert f'id="{list_id}"' in answer.text
    assert f'href="{address}/new"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_a_form_sent_twice_adds_one(admin: FlaskClient) -> None:
    add_station(admin)
    add_station(admin)
    for _ in range(2):
        admin.post("/departments/new", data=DEPARTMENT)
    assert (Station.select().count(), Department.select().count()) == (1, 1)


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("name", "x" * 61), ("area", ""), ("area", "99"), ("address", "x" * 201)])
def test_a_bad_station_comes_back_with_all_that_was_typed(admin: FlaskClient, field: str, value: str) -> None:
    form = STATION | {"area": str(make_area("东部").id)} | {field: value}
    answer = admin.post("/stations/new", data=form)
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert form["address"] in answer.text
    assert not Station.select().exists()


def test_a_name_can_be_had_once(admin: FlaskClient) -> None:
    add_station(admin)
    answer = admin.post("/stations/new", data=STATION | {"area": str(make_area("东部").id), "form_token": "another"})
    assert answer.status_code == 422
    admin.post("/departments/new", data=DEPARTMENT)
    assert admin.post("/departments/new", data=DEPARTMENT | {"form_token": "another"}).status_code == 422


@pytest.mark.parametrize("email", ["nobody", "@x", "a b@x.com", "x" * 120 + "@x"])
def test_a_department_has_a_proper_address(admin: FlaskClient, email: str) -> None:
    assert admin.post("/departments/new", data=DEPARTMENT | {"email": email}).status_code == 422


def test_a_stale_form_shows_the_present_state(admin: FlaskClient) -> None:
    station = add_station(admin)
    form = STATION | {"area": str(station.area_id), "version": "1"}
    assert admin.post(f"/stations/{station.id}", data=form | {"address": "present place"}).status_code == 303
    answer = admin.post(f"/stations/{station.id}", data=form | {"address": "typed place"})
    assert answer.status_code == 409
    assert "present place" in answer.text
    assert "typed place" in answer.text
    assert Station.get().address == "present place"


def test_what_is_out_of_use_is_not_offered_but_kept_by_who_has_it(admin: FlaskClient) -> None:
    station = add_station(admin)
    user = make_user(Role.TECHNICIAN)
    User.update(station=station).where(User.id == user.id).execute()
    admin.post(f"/stations/{station.id}", data={"name": station.name, "area": str(station.area_id), "version": "1"})
    assert not Station.get().is_active
    assert f'<option value="{station.id}"' not in admin.get("/users/new").text
    assert f'<option selected value="{station.id}"' in admin.get(f"/users/{user.id}").text
    form = {"name": user.name, "roles": "technician", "station": str(station.id), "version": "1"}
    assert admin.post(f"/users/{user.id}", data=form).status_code == 303
    assert [entry.action for entry in HistoryEntry.select().order_by(HistoryEntry.id)][:2] == ["station.created", "station.edited"]


def test_filters_sorts_and_exports(admin: FlaskClient) -> None:
    add_station(admin)
    add_station(admin, name="老街驻点", address="", form_token="t3")
    assert "老街驻点" in admin.get("/stations").text  # and the words that it was added are said
    assert "老街驻点" not in admin.get("/stations?q=滨河").text
    assert admin.get("/stations.csv?q=滨河&sort=-area").data.decode("utf-8-sig").splitlines()[1:] == ["滨河驻点,东部,滨河路 1 号,0,1"]
    assert admin.get("/stations?sort=nonsense").status_code == 422
    assert admin.get("/departments.csv?state=disabled").data.decode("utf-8-sig").splitlines() == ["name,email,active"]


def test_a_manager_keeps_departments_but_not_stations(client: FlaskClient) -> None:
    sign_in(client, make_user(Role.MANAGER))
    assert client.get("/departments").status_code == 200
    assert client.get("/stations").status_code == 403


def test_a_person_is_reached_and_based_somewhere(admin: FlaskClient) -> None:
    station = add_station(admin)
    user = make_user(Role.TECHNICIAN)
    form = {"name": user.name, "roles": "technician", "version": "1", "station": str(station.id)}
    assert admin.post(f"/users/{user.id}", data=form | {"email": "li@example.com", "phone": "138 0000"}).status_code == 303
    kept = User.get_by_id(user.id)
    assert (kept.email, kept.phone, kept.station) == ("li@example.com", "138 0000", station)
    entry = HistoryEntry.select().order_by(HistoryEntry.id.desc()).get()
    assert "li@example.com" not in entry.after, "an address stands in the history as a digest only"
    for field, value in (("email", "nobody"), ("phone", "call me"), ("station", "99")):
        answer = admin.post(f"/users/{user.id}", data=form | {"version": "2", field: value})
        assert answer.status_code == 422
        assert 'class="error"' in answer.text
