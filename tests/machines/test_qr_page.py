"""The page of a machine's code."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.machines.models import Machine
from tests import factories
from tests.personas import make_user, sign_in


@pytest.fixture
def machine(client: FlaskClient) -> Machine:
    sign_in(client, make_user(Role.CLERK))
    return factories.machine()


def test_it_works(client: FlaskClient, machine: Machine) -> None:
    page = client.get(f"/machines/{machine.serial}/code").text
    assert f"/m/{machine.qr_token}" in page
    answer = client.post(f"/machines/{machine.serial}/code", data={"present": machine.qr_token})
    assert answer.status_code == 303
    renewed = Machine.get_by_id(machine.id).qr_token
    assert renewed != machine.qr_token
    assert f"/m/{renewed}" in client.get(f"/machines/{machine.serial}/code").text


def test_a_stale_page_does_not_void_the_labels_of_somebody_else(client: FlaskClient, machine: Machine) -> None:
    client.post(f"/machines/{machine.serial}/code", data={"present": machine.qr_token})
    renewed = Machine.get_by_id(machine.id).qr_token
    assert client.post(f"/machines/{machine.serial}/code", data={"present": machine.qr_token}).status_code == 409
    assert Machine.get_by_id(machine.id).qr_token == renewed


def test_a_machine_without_a_code_gets_one(client: FlaskClient, machine: Machine) -> None:
    Machine.update(qr_token=None).execute()
    assert client.post(f"/machines/{machine.serial}/code").status_code == 303
    assert Machine.get_by_id(machine.id).qr_token


def test_technicians_make_no_codes(client: FlaskClient, machine: Machine) -> None:
    sign_in(client, make_user(Role.TECHNICIAN))
    assert client.post(f"/machines/{machine.serial}/code", data={"present": machine.qr_token}).status_code == 403
