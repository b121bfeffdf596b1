"""Models of the range, and projects: each once, found, changed by one at a time, retired rather than deleted."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.customers.models import Project
from app.machines.models import Machine, MachineModel
from tests import factories
from tests.personas import make_area, make_user, sign_in

MODEL = {"name": "YJ-30", "warranty_months": "18", "description": "大型站", "is_active": "y", "form_token": "t1"}
PROJECT = {"contract_number": "HT-1", "name": "新站", "customer": "青禾物业", "site": "", "signed_on": "", "remark": "", "form_token": "t1"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    assert clerk.post("/models/new", data=MODEL).status_code == 303
    model = MachineModel.get()
    factories.machine(model=model)
    assert "YJ-30" in clerk.get("/models").text
    page = clerk.get(f"/models/{model.id}").text
    assert "大型站" in page
    assert f'href="/machines?model={model.id}"' in page


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("warranty_months", "x"), ("warranty_months", "241"), ("description", "x" * 4001)]
)
def test_a_bad_model_comes_back_with_all_that_was_typed(clerk: FlaskClient, field: str, value: str) -> None:
    answer = clerk.post("/models/new", data=MODEL | {field: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert not MachineModel.select().exists()


def test_a_model_form_sent_twice_adds_one_and_a_name_is_had_once(clerk: FlaskClient) -> None:
    first, second = clerk.post("/models/new", data=MODEL), clerk.post("/models/new", data=MODEL)
    assert first.location == second.location
    assert clerk.post("/models/new", data=MODEL | {"form_token": "t2"}).status_code == 422
    assert MachineModel.select().count() == 1


def test_a_retired_model_is_not_offered_and_keeps_its_machines(clerk: FlaskClient) -> None:
    clerk.post("/models/new", data=MODEL)
    model = MachineModel.get()
    machine = factories.machine(model=model)
    form = {name: value for name, value in MODEL.items() if name != "is_active"} | {"version": 1}
    assert clerk.post(f"/models/{model.id}/edit", data=form).status_code == 303
    assert '<option value="YJ-30">' not in clerk.get("/machines/new").text
    assert machine.serial in clerk.get(f"/machines?model={model.id}").text
    stale = clerk.post(f"/models/{model.id}/edit", data=form | {"description": "typed"})
    assert stale.status_code == 409
    assert "typed" in stale.text
    assert "YJ-30" in clerk.get("/models?state=retired").text
    assert "YJ-30" not in clerk.get("/models?state=active").text


def test_a_project_is_registered_bound_at_shipping_and_shows_its_machine(clerk: FlaskClient) -> None:
    customer = factories.customer(name="青禾物业")
    site = factories.site(customer=customer, name="东门")
    answer = clerk.post("/projects/new", data=PROJECT | {"site": "东门", "signed_on": "2026-05-01"})
    project = Project.get()
    assert (answer.status_code, answer.location) == (303, f"/projects/{project.id}")
    assert "HT-1" in clerk.get("/projects?state=waiting").text
    machine = {"serial": "A-1", "model": "YJ-10", "project": "HT-1", "form_token": "t2"}
    assert clerk.post("/machines/new", data=machine).status_code == 303
    bound = Machine.get()
    assert (bound.project, bound.customer, bound.site) == (project, customer, site), "it stands where the project says"
    assert "A-1" in clerk.get(f"/projects/{project.id}").text
    assert "HT-1" not in clerk.get("/projects?state=waiting").text
    assert "HT-1" in clerk.get(f"/customers/{customer.id}").text


def test_a_project_of_another_customer_cannot_be_bound(clerk: FlaskClient) -> None:
    other = factories.customer(name="别家公司")
    Project.create(contract_number="HT-1", name="P", customer=factories.customer(), created_at=clock.now())
    form = {"serial": "A-1", "model": "YJ-10", "project": "HT-1", "customer": other.name, "form_token": "t2"}
    assert clerk.post("/machines/new", data=form).status_code == 422
    assert clerk.post("/machines/new", data=form | {"project": "HT-9"}).status_code == 422
    assert not Machine.select().exists()


@pytest.mark.parametrize(
    ("field", "value"), [("contract_number", ""), ("name", ""), ("customer", ""), ("customer", "nobody"), ("site", "none")]
)
def test_a_bad_project_comes_back_with_all_that_was_typed(clerk: FlaskClient, field: str, value: str) -> None:
    factories.customer(name="青禾物业")
    answer = clerk.post("/projects/new", data=PROJECT | {"remark": "要吊车", field: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert "要吊车" in answer.text
    assert not Project.select().exists()


def test_a_project_form_sent_twice_adds_one_and_a_stale_one_is_refused(clerk: FlaskClient) -> None:
    factories.customer(name="青禾物业")
    assert clerk.post("/projects/new", data=PROJECT).location == clerk.post("/projects/new", data=PROJECT).location
    assert clerk.post("/projects/new", data=PROJECT | {"form_token": "t2"}).status_code == 422
    address = f"/projects/{Project.get().id}/edit"
    assert clerk.post(address, data=PROJECT | {"version": 1, "name": "present"}).status_code == 303
    answer = clerk.post(address, data=PROJECT | {"version": 1, "name": "typed"})
    assert answer.status_code == 409
    assert "present" in answer.text
    assert Project.get().name == "present"


def test_a_technician_sees_the_projects_of_own_areas_only(client: FlaskClient) -> None:
    north, south = make_area("北"), make_area("南")
    own, foreign = (
        Project.create(contract_number=f"HT-{area.name}", name="P", customer=factories.customer(area=area), created_at=clock.now())
        for area in (north, south)
    )
    sign_in(client, make_user(Role.TECHNICIAN, areas=(north,)))
    page = client.get("/projects").text
    assert own.contract_number in page
    assert foreign.contract_number not in page
    assert client.get(f"/projects/{own.id}").status_code == 200
    assert client.get(f"/projects/{foreign.id}").status_code == 404
