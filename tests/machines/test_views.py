"""The screens of machines and profiles, as people use them."""

import csv
import io

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core.import_runs import ImportKind
from app.machines import imports
from app.machines.models import DeviceProfile, Machine
from app.machines.operations import seed_profiles
from tests import factories, taking_in
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}
FORM = {
    "serial": "YJ-1",
    "model": "YJ-10",
    "device": "",
    "profile": "",
    "customer": "",
    "site": "",
    "area": "",
    "gateway": "",
    "warranty_months": "12",
    "batch": "",
    "form_token": "t1",
}


@pytest.fixture
def deputy(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.DEPUTY))


def test_it_works(deputy: FlaskClient) -> None:
    machine = factories.machine(serial="YJ2301-7", accepted_on="2020-01-31")
    assert "YJ2301-7" in deputy.get("/machines").text
    page = deputy.get("/machines/YJ2301-7").text
    assert machine.model.name in page
    assert "2021年1月30日" in page


def test_htmx_gets_the_list_alone(deputy: FlaskClient) -> None:
    answer = deputy.get("/machines", headers=HTMX)
    assert "<html" not in answer.text
    assert 'id="machine-list"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_a_good_form_leads_to_the_machine_and_sent_twice_makes_one(deputy: FlaskClient) -> None:
    first, second = deputy.post("/machines/new", data=FORM), deputy.post("/machines/new", data=FORM)
    assert (first.status_code, first.location) == (303, "/machines/YJ-1")
    assert second.location == first.location
    assert Machine.select().count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("serial", ""),
        ("serial", "a/b"),
        ("model", ""),
        ("device", "D 1"),
        ("customer", "nobody"),
        ("warranty_months", "x"),
        ("warranty_months", "-1"),
    ],
)
def test_a_bad_form_comes_back_with_all_that_was_typed(deputy: FlaskClient, field: str, value: str) -> None:
    answer = deputy.post("/machines/new", data=FORM | {"batch": "B26Q1", field: value})
    assert answer.status_code == 422
    assert "B26Q1" in answer.text
    assert 'class="error"' in answer.text
    assert not Machine.select().exists()


def test_a_machine_takes_the_area_of_its_site(deputy: FlaskClient) -> None:
    site = factories.site(customer=factories.customer(name="云岭环卫", area=make_area("北")))
    assert deputy.post("/machines/new", data=FORM | {"customer": "云岭环卫", "site": site.name}).status_code == 303
    assert Machine.get().area == site.area


def test_a_stale_form_shows_the_present_state(deputy: FlaskClient) -> None:
    deputy.post("/machines/new", data=FORM)
    assert deputy.post("/machines/YJ-1/edit", data=FORM | {"version": 1, "gateway": "gw-present"}).status_code == 303
    answer = deputy.post("/machines/YJ-1/edit", data=FORM | {"version": 1, "gateway": "gw-typed"})
    assert answer.status_code == 409
    assert "gw-present" in answer.text
    assert "gw-typed" in answer.text
    assert Machine.get().gateway == "gw-present"


def test_a_serial_number_cannot_be_changed(deputy: FlaskClient) -> None:
    deputy.post("/machines/new", data=FORM)
    assert deputy.post("/machines/YJ-1/edit", data=FORM | {"version": 1, "serial": "YJ-2"}).status_code == 422
    assert Machine.get().serial == "YJ-1"


def test_a_technician_sees_own_areas_only_in_list_page_and_export(client: FlaskClient) -> None:
    north, south = make_area("北"), make_area("南")
    own, foreign = factories.machine(serial="OWN-1", area=north), factories.machine(serial="FOREIGN-1", area=south)
    sign_in(client, make_user(Role.TECHNICIAN, areas=(north,)))
    for address in ("/machines", "/machines.csv", "/machines?sort=-created_at"):
        assert own.serial in client.get(address).text
        assert foreign.serial not in client.get(address).text
    assert client.get("/machines/OWN-1").status_code == 200
    assert client.get("/machines/FOREIGN-1").status_code == 404
    assert client.get("/machines/OWN-1/edit").status_code == 403


@pytest.mark.parametrize("sort", ["serial", "-serial", "customer", "-model", "accepted_on", "-created_at"])
def test_pages_of_a_long_list_hold_each_machine_once(deputy: FlaskClient, sort: str) -> None:
    model = factories.machine_model()
    for number in range(105):
        factories.machine(serial=f"S{number:03d}", model=model, customer=None, accepted_on="2024-01-01" if number % 2 else None)
    seen, address = [], f"/machines?sort={sort}"
    while address:
        page = deputy.get(address).text
        seen += [part.partition('"')[0] for part in page.split('data-row href="/machines/')[1:]]
        address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert len(seen) == 105
    assert set(seen) == {f"S{number:03d}" for number in range(105)}


def test_an_export_can_be_imported_again_and_changes_nothing(deputy: FlaskClient) -> None:
    seed_profiles()
    customer = factories.customer(name="云岭环卫", area=make_area("北"))
    site = factories.site(customer=customer, name="东门", address="东路 1 号")
    factories.machine(
        serial="S1", device="D1", customer=customer, site=site, area=customer.area, profile=DeviceProfile.get(), accepted_on="2025-01-01"
    )
    rows = list(csv.reader(io.StringIO(deputy.get("/machines.csv").data.decode("utf-8-sig"))))
    kept = io.StringIO()
    csv.writer(kept).writerows(row[: len(imports.COLUMNS)] for row in rows)
    assert rows[0][: len(imports.COLUMNS)] == [column.code for column in imports.COLUMNS]
    outcome = taking_in.take_in(ImportKind.MACHINES, kept.getvalue())
    assert (outcome.added, outcome.changed, outcome.unchanged) == (0, 0, 1)


def test_a_profile_is_shown_with_its_metrics_and_codes_and_downloaded_as_it_is(deputy: FlaskClient) -> None:
    seed_profiles()
    assert "underground_compactor_v1" in deputy.get("/profiles").text
    page = deputy.get("/profiles/underground_compactor_v1").text
    assert "油温过高停机" in page
    assert "sys_pressure" in deputy.get("/profiles/underground_compactor_v1?part=metrics").text
    answer = deputy.get("/profiles/underground_compactor_v1.yaml")
    assert answer.text == DeviceProfile.get().document
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_profile_page_follows_the_language_of_each_reader(deputy: FlaskClient) -> None:
    seed_profiles()
    assert "液压" in deputy.get("/profiles/underground_compactor_v1").text
    deputy.set_cookie("locale", "en")
    page = deputy.get("/profiles/underground_compactor_v1").text
    assert "Hydraulics" in page
    assert "液压" not in page


def test_an_uploaded_profile_becomes_a_new_version(deputy: FlaskClient) -> None:
    seed_profiles()
    text = DeviceProfile.get().document + "# ours\n"
    looked = deputy.post("/profiles/import", data={"file": (io.BytesIO(text.encode()), "p.yaml")}, content_type="multipart/form-data")
    assert DeviceProfile.get().version == 1  # it is looked at first
    mark = looked.text.partition('name="checked" type="hidden" value="')[2].partition('"')[0]
    answer = deputy.post("/profiles/import", data={"document": text, "version": "1", "checked": mark})
    assert (answer.status_code, answer.location) == (303, "/profiles/underground_compactor_v1")
    assert DeviceProfile.get().version == 2


def test_a_bad_profile_comes_back_with_every_reason_and_its_text(deputy: FlaskClient) -> None:
    bad = b"profile: a b\nname: {zh: x}\nfoo: 1\n"
    answer = deputy.post("/profiles/import", data={"file": (io.BytesIO(bad), "p.yaml")}, content_type="multipart/form-data")
    assert answer.status_code == 422
    for words in ("第 1 行", "第 2 行", "第 3 行", "profile: a b"):
        assert words in answer.text
    assert not DeviceProfile.select().exists()
