"""Technicians: the list as dispatch needs it, grades and trainings as they are set."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.machines.models import MachineModel
from app.roster import operations
from app.roster.models import PresenceState
from app.work_orders import technicians
from app.work_orders.models import Qualification, TechnicianGrade
from app.work_orders.technicians import Skills, TechnicianFilter
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.zhao)
    return everybody


def model(name: str) -> MachineModel:
    return MachineModel.get_or_create(name=name)[0]


def test_it_works(client: FlaskClient, who: People) -> None:
    pump = model("YJ-20S")
    seen = technicians.skills_of(who.li).seen
    sent = {"grade": "4", "model": str(pump.id), f"since-{pump.id}": "2025-03-01", "seen": seen}
    assert client.post(f"/technicians/{who.li.id}", data=sent).status_code == 303
    assert TechnicianGrade.get().grade == 4
    assert Qualification.get().since_on == date(2025, 3, 1)
    order = factories.work_order(lead=who.li)
    operations.set_presence(by=actor_of(who.zhao), user_id=who.li.id, state=PresenceState.TRAVELLING)
    (line,) = technicians.listed(actor_of(who.zhao), TechnicianFilter(q="李"), clock.now())
    assert (line.grade, line.models, line.areas, line.state, line.out) == (4, ["YJ-20S"], ["North"], PresenceState.TRAVELLING, 1)
    page = client.get("/technicians").text
    assert "李师傅" in page
    assert "YJ-20S" in page
    assert order.number in client.get(f"/work-orders?status=out&technician={who.li.id}").text
    assert "李师傅" in client.get("/technicians.csv").text
    assert client.get("/technicians.xlsx").status_code == 200
    assert HistoryEntry.select().where(HistoryEntry.action == "technician.skills_set").count() == 1


def test_the_list_is_narrowed_by_area_and_model(client: FlaskClient, who: People) -> None:
    pump, by = model("YJ-20S"), actor_of(who.zhao)
    technicians.set_skills(by=by, user=who.wang, skills=Skills(3, {pump.id: None}), seen=";")
    names = lambda **asked: [line.user.name for line in technicians.listed(by, TechnicianFilter(**asked), clock.now())]  # noqa: E731
    assert names() == ["李师傅", "王师傅"]
    assert names(area=who.north.id) == ["李师傅"]
    assert names(model=pump.id) == ["王师傅"]


def test_an_area_manager_sees_who_works_there(client: FlaskClient, who: People) -> None:
    sign_in(client, who.area_manager)
    page = client.get("/technicians").text
    assert "李师傅" in page
    assert "王师傅" not in page
    assert client.get(f"/technicians/{who.li.id}").status_code == 403


def test_who_changes_what_somebody_else_changed_is_told_and_keeps_what_was_typed(client: FlaskClient, who: People) -> None:
    pump = model("YJ-20S")
    technicians.set_skills(by=actor_of(who.liu), user=who.li, skills=Skills(2, {}), seen=";")
    answer = client.post(f"/technicians/{who.li.id}", data={"grade": "5", "model": str(pump.id), "seen": ";"})
    assert answer.status_code == 409
    assert '<option value="5" selected' in answer.text
    assert TechnicianGrade.get().grade == 2
    with pytest.raises(Conflict):
        technicians.set_skills(by=actor_of(who.zhao), user=who.li, skills=Skills(1, {}), seen=";")


def test_an_impossible_grade_or_day_is_refused(client: FlaskClient, who: People) -> None:
    with pytest.raises(Invalid):
        technicians.set_skills(by=actor_of(who.zhao), user=who.li, skills=Skills(6, {}), seen=";")
    pump = model("YJ-20S")
    sent = {"model": str(pump.id), f"since-{pump.id}": "odd", "seen": ";"}
    assert client.post(f"/technicians/{who.li.id}", data=sent).status_code == 422
    assert Qualification.select().count() == 0


def test_only_deputy_and_manager_say_how_far_somebody_is(client: FlaskClient, who: People) -> None:
    with pytest.raises(NotAllowed):
        technicians.set_skills(by=actor_of(who.chen), user=who.li, skills=Skills(1, {}), seen=";")


def test_nobody_but_a_technician_has_that_page(client: FlaskClient, who: People) -> None:
    assert client.get(f"/technicians/{who.chen.id}").status_code == 404
