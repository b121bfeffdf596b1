"""The page of a machine's file: what stands on it for whom, as page and as fragment."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock, db
from app.machine_files.timeline import SHOWN
from app.machines.models import DocumentRequest, FormType, Machine
from app.monitoring.models import Alarm, Condition, Episode
from app.tickets.models import TicketNote, TicketStatus
from tests import factories
from tests.machine_files import world
from tests.personas import make_area, make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def raise_alarm(machine: Machine, code: str, condition: Condition = Condition.ACTIVE, is_acknowledged: bool = False) -> None:
    now, facts = clock.now(), {"machine": machine, "code": code, "severity": "high"}
    with db.transaction():
        alarm = Alarm.create(**facts, condition=condition, is_acknowledged=is_acknowledged, last_event_at=now)
        Episode.create(**facts, alarm=alarm, started_at=now, last_raised_at=now)


def test_it_works(clerk: FlaskClient) -> None:
    full = world.full()
    page = clerk.get(f"/machines/{full.machine.serial}").text
    key = re.findall(r'after=([^#"]+)#', page)[-1]
    earlier = clerk.get(f"/machines/{full.machine.serial}?after={key}").text
    assert [word for word in full.words.values() if word not in page + earlier] == []
    assert 'id="note-1"' in page
    assert "https://" not in page.partition("<main")[2].partition("</main")[0], "nothing is fetched from elsewhere"


def test_what_needs_a_person_stands_first(clerk: FlaskClient) -> None:
    machine = factories.machine()
    ticket = factories.ticket(machine=machine)
    done = factories.ticket(machine=machine, status=TicketStatus.CLOSED, closed_at=clock.now())
    raise_alarm(machine, "E04")
    raise_alarm(machine, "E99", Condition.NORMAL, is_acknowledged=True)
    with db.transaction():
        DocumentRequest.create(machine=machine, form_type=FormType.INSPECTION, asked_at=clock.now(), asked_by_name="x", about="T1-1")
    now = clerk.get(f"/machines/{machine.serial}/now", headers={"HX-Request": "true"}).text
    assert ticket.number in now
    assert "<strong>E04</strong>" in now
    assert "form=inspection&amp;about=T1-1" in now
    assert done.number not in now
    assert "E99" not in now
    page = clerk.get(f"/machines/{machine.serial}").text
    assert page.index('id="machine-now"') < page.index('id="timeline"') < page.index('id="documents"')


@pytest.mark.usefixtures("still_clock")
def test_a_poll_costs_nothing_while_nothing_changed(clerk: FlaskClient) -> None:
    machine = factories.machine()
    first = clerk.get(f"/machines/{machine.serial}/now", headers={"HX-Request": "true"})
    again = clerk.get(f"/machines/{machine.serial}/now", headers={"HX-Request": "true", "HX-PTag": first.headers["HX-PTag"]})
    assert again.status_code == 304


def test_the_timeline_is_the_fragment_at_the_same_address(clerk: FlaskClient) -> None:
    full = world.full()
    path = f"/machines/{full.machine.serial}?kind=note"
    page, fragment = clerk.get(path), clerk.get(path, headers={"HX-Request": "true"})
    assert fragment.text.strip().startswith('<section id="timeline"')
    assert "WORDNOTE" in fragment.text
    assert "WORDURGED" not in fragment.text
    assert fragment.headers["Vary"].count("HX-Request") == 1
    assert 'id="machine-data"' in page.text


def test_earlier_entries_are_one_page_further(clerk: FlaskClient) -> None:
    full = world.full()
    with db.transaction():
        for number in range(SHOWN):
            TicketNote.create(ticket=full.ticket, at=world.AT + timedelta(days=1, seconds=number), by_name="x", text=f"later {number}")
    page = clerk.get(f"/machines/{full.machine.serial}").text
    assert "WORDURGED" not in page
    earlier = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "WORDURGED" in clerk.get(earlier).text


def test_an_address_that_makes_no_sense_is_refused_in_words(clerk: FlaskClient) -> None:
    machine = factories.machine()
    for query in ("from=never", "to=2026-13-01", "after=%01"):
        assert clerk.get(f"/machines/{machine.serial}?{query}").status_code == 422
    assert clerk.get(f"/machines/{machine.serial}?kind=nonsense").status_code == 200


def test_what_is_missing_says_where_it_is_added(clerk: FlaskClient) -> None:
    machine = factories.machine(shipped_on=clock.now().date())
    page = clerk.get(f"/machines/{machine.serial}").text
    assert f'href="/machines/{machine.serial}/documents/new?form=pit_guidance"' in page
    assert f'href="/machines/{machine.serial}/documents/new?form=photo"' in page
    assert f'href="/customers/{machine.customer_id}/contacts/new"' in page


def test_who_may_not_read_tickets_sees_the_machine_without_them(client: FlaskClient) -> None:
    full = world.full()
    page = sign_in(client, make_user(Role.ADMIN)).get(f"/machines/{full.machine.serial}").text
    assert full.machine.serial in page
    assert "WORDMOVED" in page
    for source in ("ticket_opened", "note", "attachment", "urging", "past_work", "complaint", "document"):
        assert full.words[source] not in page


@pytest.mark.parametrize("path", ["", "/now", "/readings", "/repeats", "/print", ".pdf", "/picture", "/qr.svg"])
def test_a_machine_of_another_area_is_not_there(client: FlaskClient, path: str) -> None:
    full = world.full(area=make_area())
    with db.transaction():
        Machine.update(qr_token="a" * 22).where(Machine.id == full.machine.id).execute()
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area(),)))
    answer = client.get(f"/machines/{full.machine.serial}{path}")
    assert answer.status_code == 404
    assert "WORD" not in answer.text


def test_the_qr_code_is_a_picture_that_runs_nothing(clerk: FlaskClient) -> None:
    machine = factories.machine(qr_token="b" * 22)
    answer = clerk.get(f"/machines/{machine.serial}/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert clerk.get(f"/machines/{factories.machine(qr_token=None).serial}/qr.svg").status_code == 404


def test_repeat_faults_are_listed_with_counts(clerk: FlaskClient) -> None:
    machine = factories.machine()
    for days in (400, 380, 10):
        world.indexed(factories.ticket(machine=machine, title="Bucket won't open", opened_at=world.now_minus(days)))
    page = clerk.get(f"/machines/{machine.serial}/repeats").text
    assert "Bucket won&#39;t open" in page
    assert page.count('<tr id="repeat-') == 1
