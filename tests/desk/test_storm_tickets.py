"""The ticket page of a storm: its children, one answer for all, and the way back (monitoring §4; 2E-14)."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.models import Role
from app.core import clock, db
from app.core.types import system
from app.machines.models import DeviceProfile
from app.machines.operations import seed_profiles
from app.tickets import parents, reasons
from app.tickets.models import Ticket, TicketStatus
from tests import factories
from tests.personas import make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


@pytest.fixture
def parent(clerk: FlaskClient) -> Ticket:
    """A parent of three."""
    values = {"source": "monitoring", "status": TicketStatus.TO_VERIFY}
    made = factories.ticket(machine=None, title=reasons.MANY_FAILED, **values)
    failed = [factories.ticket(machine=factories.machine(), title="E04 油温高", **values) for _ in range(3)]
    with db.transaction():
        parents.adopt(by=system("monitoring"), parent=made, children=failed)
    return made


def below(parent: Ticket) -> list[Ticket]:
    return list(Ticket.select().where(Ticket.parent == parent).order_by(Ticket.id))


def test_it_works(clerk: FlaskClient, parent: Ticket) -> None:
    text = clerk.get(f"/tickets/{parent.number}").text
    assert "3 台设备，3 张单：未结 3，已结 0。" in text
    assert all(one.number in text and one.machine.serial in text for one in below(parent))
    assert f'归入汇总单： <a href="/tickets/{parent.number}"' in clerk.get(f"/tickets/{below(parent)[0].number}").text


def under(parent: Ticket, *codes: str) -> Ticket:
    """One more child, which ``codes`` opened."""
    at = clock.now()
    raised = [reasons.AlarmReason(code=code, name_zh=code, name_en=code, at=at) for code in codes]
    profile = DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
    child = factories.ticket(
        machine=factories.machine(profile=profile), source="monitoring", status=TicketStatus.TO_VERIFY, reason=reasons.to_json(raised)
    )
    with db.transaction():
        parents.adopt(by=system("monitoring"), parent=parent, children=[child])
    return child


def test_the_safety_faults_of_a_storm_stand_at_its_top_with_their_machines(clerk: FlaskClient, parent: Ticket) -> None:
    """``safety: true``: in the middle of sixty somebody may be hurt (monitoring §3)."""
    assert 'id="of-safety"' not in clerk.get(f"/tickets/{parent.number}").text
    seed_profiles()
    inside, water, ordinary = under(parent, "E16"), under(parent, "E04", "E19"), under(parent, "E04")
    text = clerk.get(f"/tickets/{parent.number}").text
    top = text[text.index('id="of-safety"') : text.index('id="children"')]
    assert text.index('id="of-safety"') - text.index('id="ticket"') < 200  # nothing stands above it
    assert "下属单中有 2 张涉及人身安全" in top
    assert [one.machine.serial in top for one in (inside, water, ordinary)] == [True, True, False]
    assert ("人员进入" in top, "地坑积水高" in top, "油温高" in top) == (True, True, False)
    clerk.set_cookie("locale", "en")
    assert "2 of the tickets below are safety faults: people may be in danger." in clerk.get(f"/tickets/{parent.number}").text


def say(client: FlaskClient, parent: Ticket, answer: str, *ticked: Ticket, which: str = "all") -> TestResponse:
    data = {"answer": answer, "which": which, "words": "演练", "seen_at": clock.now_ms()}
    return client.post(f"/tickets/{parent.number}/children", data=data | {"child": [one.id for one in ticked]})


@pytest.mark.parametrize("which", ["all", "ticked"])
@pytest.mark.parametrize(("answer", "becomes"), [("false_alarm", "cancelled"), ("solved", "resolved")])
def test_no_safety_fault_ends_in_a_sweep(clerk: FlaskClient, parent: Ticket, answer: str, becomes: str, which: str) -> None:
    seed_profiles()
    inside = under(parent, "E16")
    assert "其中 1 张涉及人身安全：“误报”和“标记为已解决”不包括这些单" in clerk.get(f"/tickets/{parent.number}").text
    assert say(clerk, parent, answer).status_code == 303
    assert [one.status for one in below(parent)] == [becomes] * 3 + ["to_verify"]
    refused = say(clerk, parent, answer)
    assert (refused.status_code, "这里只剩涉及人身安全的单" in refused.text) == (422, True)
    assert say(clerk, parent, answer, inside, which=which).status_code == 303
    assert below(parent)[3].status == becomes


def test_a_safety_fault_is_sent_to_dispatch_with_all_others(clerk: FlaskClient, parent: Ticket) -> None:
    seed_profiles()
    under(parent, "E16")
    assert say(clerk, parent, "confirmed").status_code == 303
    assert {one.status for one in below(parent)} == {"waiting_dispatch"}


def test_ticks_stay_when_the_answer_is_refused(clerk: FlaskClient, parent: Ticket) -> None:
    seed_profiles()
    chosen = [below(parent)[1], under(parent, "E16")]
    data = {"answer": "false_alarm", "which": "ticked", "seen_at": clock.now_ms(), "child": [one.id for one in chosen]}
    refused = clerk.post(f"/tickets/{parent.number}/children", data=data)
    assert refused.status_code == 422
    ticks = re.findall(r'name="child" value="(\d+)"[^>]*?( checked)?>', refused.text)
    assert sorted(int(value) for value, is_ticked in ticks if is_ticked) == [one.id for one in chosen]
    assert len(ticks) == 4  # each child once: the safety fault at the top only


def test_a_parent_names_no_machine_but_how_many(clerk: FlaskClient, parent: Ticket) -> None:
    page = clerk.get(f"/tickets/{parent.number}").text
    assert '<a href="#children">' in page
    assert "这台设备" not in page
    assert "未填写设备" not in page


def test_the_list_shows_the_parent_with_how_many_machines(clerk: FlaskClient, parent: Ticket) -> None:
    text = clerk.get("/tickets").text
    assert "3 台" in text
    assert below(parent)[0].number not in text
    assert "逐张显示" in text
    text = clerk.get("/tickets?children=1").text
    assert f"归入 {parent.number}" in text
    assert all(one.number in text for one in below(parent))
    clerk.set_cookie("locale", "en")
    assert "Many machines failed at once" in clerk.get("/tickets").text


def test_one_answer_for_all_and_its_way_back(clerk: FlaskClient, parent: Ticket) -> None:
    where = f"/tickets/{parent.number}/children"
    assert (
        clerk.post(
            where, data={"answer": "false_alarm", "which": "all", "words": "演练", "form_token": "t", "seen_at": clock.now_ms()}
        ).status_code
        == 303
    )
    assert {one.status for one in below(parent)} == {"cancelled"}
    assert "撤回这一步" in clerk.get(f"/tickets/{parent.number}").text
    assert clerk.post(f"{where}/undo").status_code == 303
    assert {one.status for one in below(parent)} == {"to_verify"}
    assert clerk.post(f"{where}/undo").status_code == 409


def test_what_was_typed_stays_when_it_is_refused(clerk: FlaskClient, parent: Ticket) -> None:
    answered = clerk.post(
        f"/tickets/{parent.number}/children", data={"answer": "solved", "which": "ticked", "words": "已复位", "seen_at": "1"}
    )
    assert answered.status_code == 422
    assert "已复位" in answered.text
    assert re.search(r'value="ticked" checked', answered.text)
    assert clerk.post(f"/tickets/{parent.number}/children", data={"answer": "nonsense"}).status_code == 422


def test_a_child_is_taken_out_from_under_its_parent(clerk: FlaskClient, parent: Ticket) -> None:
    child = below(parent)[0]
    assert clerk.post(f"/tickets/{child.number}/untie").status_code == 303
    assert child.number in clerk.get("/tickets").text
    assert clerk.post(f"/tickets/{child.number}/untie").status_code == 409


def test_the_export_has_every_ticket_and_names_the_parent(clerk: FlaskClient, parent: Ticket) -> None:
    rows = list(csv.DictReader(io.StringIO(clerk.get("/tickets.csv").data.decode("utf-8-sig"))))
    assert sorted(row["parent"] for row in rows) == ["", *[parent.number] * 3]
