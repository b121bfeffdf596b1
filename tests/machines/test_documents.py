"""Documents of the machine file: handing in, filing, correcting, taking out; forms that are asked for and met (2E-22..31)."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from peewee import Database

from app.accounts.models import Notice, Role
from app.core import clock, db, files
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.machines import document_queries as queries
from app.machines import documents, requests
from app.machines.document_queries import DocumentFilter
from app.machines.documents import DocumentDetails
from app.machines.models import Document, DocumentRequest, FormType
from tests import factories
from tests.personas import actor_of, make_area, make_user

REPORT = DocumentDetails(form_type=FormType.SERVICE_REPORT, title="更换油管", about="T2611-0001", has_paper=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    files.configure(tmp_path / "files")


def pdf() -> files.Incoming:
    return files.take_in(name="scan.pdf", stream=io.BytesIO(b"%PDF-1.4\n%%EOF\n"))


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def scan(by: Actor, onto: documents.Holder | None = None, **changes: object) -> Document:
    """A scan handed in as ``REPORT`` with ``changes``."""
    details = DocumentDetails(**{"form_type": FormType.SERVICE_REPORT, "has_paper": True} | changes)  # type: ignore[arg-type]
    return documents.hand_in(by=by, onto=onto or factories.machine(), details=details, incoming=[pdf()])[0]


def test_it_works(clerk: Actor) -> None:
    machine = factories.machine()
    made = documents.hand_in(by=clerk, onto=machine, details=REPORT, incoming=[pdf(), pdf()])
    found = queries.page(clerk, DocumentFilter(machine=machine.serial), sort=queries.DEFAULT_SORT)
    assert [one.id for one in found.rows] == [document.id for document in reversed(made)]
    assert found.rows[0].title == "更换油管"
    assert found.rows[0].filed_at is None
    assert [one.id for one in queries.about(clerk, "T2611-0001")] == [document.id for document in made]


def test_thirty_scans_sent_twice_are_the_same_thirty(clerk: Actor) -> None:
    """Long ids of many documents: none is cut short and taken for another's."""
    for _ in range(12):
        scan(clerk, factories.machine())
    machine = factories.machine()
    given = {"by": clerk, "onto": machine, "details": REPORT, "form_token": "many"}
    first, again = (documents.hand_in(incoming=[pdf() for _ in range(documents.MOST_AT_ONCE)], **given) for _ in range(2))
    assert [one.id for one in again] == [one.id for one in first]
    assert {one.machine_id for one in again} == {machine.id}
    assert Document.select().where(Document.machine == machine).count() == documents.MOST_AT_ONCE


def test_a_form_sent_twice_makes_its_documents_once(clerk: Actor) -> None:
    machine = factories.machine()
    first, again = (documents.hand_in(by=clerk, onto=machine, details=REPORT, incoming=[pdf()], form_token="one") for _ in range(2))
    assert [one.id for one in first] == [one.id for one in again]
    assert Document.select().count() == 1


def test_a_document_is_a_file_or_paper(clerk: Actor) -> None:
    machine, details = factories.machine(), DocumentDetails(form_type=FormType.INSPECTION)
    with pytest.raises(Invalid) as refused:
        documents.hand_in(by=clerk, onto=machine, details=details)
    assert "files" in refused.value.fields
    paper = DocumentDetails(form_type=FormType.INSPECTION, cabinet="3", box="12")
    assert documents.hand_in(by=clerk, onto=machine, details=paper)[0].has_paper
    with pytest.raises(Invalid):
        documents.file_away(by=clerk, document=Document.get(), version=1, is_paperless=True)


def test_paper_is_filed_when_cabinet_and_box_are_known(clerk: Actor) -> None:
    document = scan(clerk)
    assert document.filed_at is None
    with pytest.raises(Invalid) as refused:
        documents.file_away(by=clerk, document=document, version=1, cabinet="3")
    assert set(refused.value.fields) == {"box"}
    documents.file_away(by=clerk, document=document, version=1, cabinet="3", box="12")
    stored = Document.get_by_id(document.id)
    assert (stored.cabinet, stored.box, stored.has_paper) == ("3", "12", True)
    assert stored.filed_at is not None
    assert queries.page(clerk, DocumentFilter(state=queries.NOT_FILED), sort="created_at").total == 0


def test_a_photo_has_no_paper_and_needs_no_filing(clerk: Actor) -> None:
    photo = scan(clerk, form_type=FormType.PHOTO)
    assert photo.filed_at is not None
    assert not photo.has_paper


def test_who_was_slower_changes_nothing(clerk: Actor) -> None:
    document = scan(clerk)
    documents.edit(by=clerk, document=document, version=1, details=DocumentDetails(form_type=FormType.INSPECTION, has_paper=True))
    with pytest.raises(Conflict):
        documents.edit(by=clerk, document=document, version=1, details=REPORT)
    with pytest.raises(Conflict):
        documents.remove(by=clerk, document=document, version=1, reason="wrong machine")
    assert Document.get().form_type == FormType.INSPECTION


def test_a_removed_document_leaves_the_lists_and_can_be_put_back(clerk: Actor) -> None:
    document = scan(clerk)
    with pytest.raises(Invalid):
        documents.remove(by=clerk, document=document, version=1, reason=" ")
    documents.remove(by=clerk, document=document, version=1, reason="属于另一台设备")
    assert queries.page(clerk, DocumentFilter(), sort="created_at").total == 0
    assert queries.of_machine(document.machine, 10) == []
    (removed,) = queries.page(clerk, DocumentFilter(state=queries.REMOVED), sort="created_at").rows
    assert removed.removal_reason == "属于另一台设备"
    documents.restore(by=clerk, document=removed, version=2)
    assert queries.page(clerk, DocumentFilter(), sort="created_at").total == 1
    actions = [entry.action for entry in HistoryEntry.select().where(HistoryEntry.object_type == "document").order_by(HistoryEntry.id)]
    assert actions == ["document.handed_in", "document.removed", "document.restored"]


def test_a_technician_hands_in_for_machines_and_changes_what_is_ones_own(database: Database) -> None:
    area = make_area()
    li, other = (actor_of(make_user(Role.TECHNICIAN, areas=(area,))) for _ in range(2))
    machine = factories.machine(area=area)
    own = scan(li, machine)
    documents.file_away(by=li, document=own, version=1, cabinet="1", box="1")
    with pytest.raises(NotAllowed):
        documents.remove(by=other, document=own, version=2, reason="not mine")
    with pytest.raises(NotAllowed):
        scan(li, machine.model)


def test_a_document_of_another_area_is_not_there(database: Database) -> None:
    north, south = make_area(), make_area()
    clerk, li = actor_of(make_user(Role.CLERK)), actor_of(make_user(Role.TECHNICIAN, areas=(north,)))
    near, far = (scan(clerk, factories.machine(area=area)) for area in (north, south))
    assert queries.by_id(li, near.id).id == near.id
    with pytest.raises(NotFound):
        queries.by_id(li, far.id)
    assert [one.id for one in queries.listed(li, DocumentFilter())] == [near.id]


def test_documents_of_the_project_belong_to_the_machines_file(clerk: Actor) -> None:
    machine = factories.machine()
    project = factories.project(customer=machine.customer)
    with db.transaction():
        machine.project = project
        machine.save()
    survey = scan(clerk, project, form_type=FormType.PIT_SURVEY)
    assert [one.id for one in queries.of_machine(machine, 10)] == [survey.id]
    assert queries.forms_in_file(machine) == {FormType.PIT_SURVEY}


def test_the_future_is_no_date_of_a_document(clerk: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        scan(clerk, document_on=clock.now().date() + timedelta(days=2))
    assert set(refused.value.fields) == {"document_on"}


# --- forms that are asked for ------------------------------------------------


def asked(clerk: Actor, **values: object) -> DocumentRequest:
    return requests.ask(**{"by": clerk, "machine": factories.machine(), "form_type": FormType.SERVICE_REPORT} | values)  # type: ignore[arg-type]


def test_a_request_is_met_by_the_document(clerk: Actor) -> None:
    technician = make_user(Role.TECHNICIAN, name="李师傅")
    request = asked(clerk, technician=technician, due_on=date(2020, 1, 1))
    assert [(one.name, one.count, one.overdue) for one in queries.outstanding(clerk)] == [("李师傅", 1, 1)]
    assert Notice.get().user_id == technician.id
    document = scan(clerk, request.machine)
    assert queries.outstanding(clerk) == []
    assert DocumentRequest.get().document_id == document.id


def test_a_request_about_one_ticket_is_not_met_by_the_form_of_another(clerk: Actor) -> None:
    request = asked(clerk, about="T2611-0001")
    asked(clerk, about="T2611-0002", machine=request.machine)
    scan(clerk, request.machine, about="T2611-0002")
    assert [one.about for one in queries.requests_of_machine(clerk, request.machine)] == ["T2611-0001"]
    scan(clerk, request.machine, form_type=FormType.INSPECTION, about="T2611-0001")
    assert len(queries.requests_of_machine(clerk, request.machine)) == 1


def test_a_removed_document_leaves_its_request_open_again(clerk: Actor) -> None:
    request = asked(clerk)
    document = scan(clerk, request.machine)
    documents.remove(by=clerk, document=document, version=1, reason="blurred")
    assert len(queries.requests_of_machine(clerk, request.machine)) == 1
    documents.restore(by=clerk, document=document, version=2)
    assert queries.requests_of_machine(clerk, request.machine) == []


def test_a_form_is_asked_for_once(clerk: Actor) -> None:
    first = asked(clerk)
    again = asked(clerk, machine=first.machine, due_on=date(2030, 1, 1))
    assert again.id == first.id
    assert DocumentRequest.get().due_on == date(2030, 1, 1)


def test_a_waived_request_says_why_and_can_be_asked_again(clerk: Actor) -> None:
    request = asked(clerk)
    with pytest.raises(Invalid):
        requests.waive(by=clerk, request=request, reason="")
    requests.waive(by=clerk, request=request, reason="客户未留存")
    assert queries.requests_of_machine(clerk, request.machine) == []
    with pytest.raises(Conflict):
        requests.waive(by=clerk, request=request, reason="twice")
    requests.ask_again(by=clerk, request=queries.request_by_id(clerk, request.id))
    assert len(queries.requests_of_machine(clerk, request.machine)) == 1


def test_machines_shipped_without_their_pit_form_are_listed(clerk: Actor) -> None:
    shipped = factories.machine(shipped_on=date(2026, 3, 1))
    accepted = factories.machine(shipped_on=date(2026, 3, 1), accepted_on=date(2026, 4, 1))
    factories.machine()
    factories.machine(shipped_on=date(2026, 3, 1), retired_on=date(2026, 5, 1))
    scan(clerk, accepted, form_type=FormType.PIT_GUIDANCE)
    found = queries.lacking_page(clerk, form_type=None, q="", after=None, before=None)
    assert [(row.machine.id, list(row.forms)) for row in found.rows] == [
        (shipped.id, [FormType.PIT_GUIDANCE]),
        (accepted.id, [FormType.DELIVERY_ACCEPTANCE, FormType.INSTALLATION_CHECK, FormType.TRAINING_ACCEPTANCE]),
    ]
    only = queries.lacking(clerk, form_type=FormType.PIT_GUIDANCE)
    assert [machine.id for machine in only] == [shipped.id]


def test_days_of_the_filter_are_those_of_the_deployment(clerk: Actor) -> None:
    at = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # the 2nd of March in Shanghai
    documents.hand_in(by=clerk, onto=factories.machine(), details=REPORT, incoming=[pdf()], at=at)
    on = {day: queries.listed(clerk, DocumentFilter(from_on=day, to_on=day)).count() for day in (date(2026, 3, 1), date(2026, 3, 2))}
    assert list(on.values()) == [0, 1]
