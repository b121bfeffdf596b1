"""Writing a report step by step: begun once, saved as often as it is sent, never over somebody else's words, never after the signature."""

import io
from datetime import timedelta

import pytest
from peewee import Database

from app.core import clock, files
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.service_reports import queries, steps, writing
from app.service_reports.models import PhotoKind, ReportPart, ReportPhoto, ReportReading, ReportStatus, ServiceReport
from app.service_reports.steps import Step
from app.service_reports.writing import Page, PartLine, ReadingLine
from app.work_orders import gate
from app.work_orders.models import OrderKind, OrderStatus, Visit, VisitAssistant, WorkOrder
from app.work_orders.progress import Times
from tests import factories
from tests.personas import People, actor_of, people

FIRST = Page("made-on-the-page-1", 0)


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def li(who: People) -> Actor:
    return actor_of(who.li)


@pytest.fixture
def order(who: People) -> WorkOrder:
    return factories.work_order(lead=who.li, status=OrderStatus.ON_SITE)


def taken(name: str = "before.png") -> files.Incoming:
    return files.take_in(name=name, stream=io.BytesIO(factories.picture()))


def finding(by: Actor, order: WorkOrder, page: Page, text: str) -> ServiceReport:
    return writing.save(by=by, order=order, page=page, step=Step.FINDING, fields={"finding": text, "component": "液压"})


def test_it_works(li: Actor, order: WorkOrder) -> None:
    report = finding(li, order, FIRST, " 油封漏油\r\n压力低 ")
    assert (report.number[0], report.status, report.finding, report.version) == ("R", ReportStatus.DRAFT, "油封漏油\n压力低", 1)
    assert queries.of_order(order) == report
    assert set(steps.lacking(order, report)) == {Step.CAUSE, Step.ACTION, Step.TIMES}


def test_a_report_that_is_sent_three_times_is_stored_once(li: Actor, order: WorkOrder) -> None:
    for _ in range(3):
        finding(li, order, FIRST, "漏油")
    assert [report.client_id for report in ServiceReport.select()] == [FIRST.client_id]


def test_the_id_of_another_report_begins_none(who: People, li: Actor, order: WorkOrder) -> None:
    finding(li, order, FIRST, "漏油")
    with pytest.raises(Conflict):
        finding(li, factories.work_order(lead=who.li, status=OrderStatus.ON_SITE), FIRST, "other")


def test_the_component_of_the_order_is_taken_over(who: People, li: Actor) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE, component="hydraulics")
    report = writing.save(by=li, order=order, page=FIRST, step=Step.ACTION, fields={"action": "x"})
    assert report.component == "hydraulics"


def test_two_tabs_of_one_person_may_follow_each_other(li: Actor, order: WorkOrder) -> None:
    finding(li, order, FIRST, "one")
    finding(li, order, FIRST, "two")
    assert ServiceReport.get().finding == "two"


def test_words_of_somebody_else_are_not_written_over_unseen(who: People, li: Actor, order: WorkOrder) -> None:
    VisitAssistant.create(visit=Visit.get(Visit.order == order), user=who.wang)
    finding(li, order, FIRST, "as Li wrote")
    wang = actor_of(who.wang)
    with pytest.raises(Conflict, match="李师傅 wrote in this report meanwhile"):
        finding(wang, order, Page("another-page", 0), "as Wang wrote")
    finding(wang, order, Page("another-page", ServiceReport.get().version), "as Wang wrote")
    assert ServiceReport.get().finding == "as Wang wrote"


def test_who_does_not_work_on_the_order_writes_no_report(who: People, order: WorkOrder) -> None:
    for user in (who.wang, who.chen):
        with pytest.raises(NotAllowed):
            finding(actor_of(user), order, FIRST, "x")


@pytest.mark.parametrize("status", [OrderStatus.DISPATCHED, OrderStatus.FILED, OrderStatus.CANCELLED])
def test_a_report_is_written_while_the_order_is_in_work_or_just_finished(who: People, li: Actor, status: OrderStatus) -> None:
    with pytest.raises(Conflict):
        finding(li, factories.work_order(lead=who.li, status=status), FIRST, "x")


def test_a_signed_report_takes_no_more_words(who: People, li: Actor, order: WorkOrder) -> None:
    report = factories.service_report(order=order)
    for save in (
        lambda page: finding(li, order, page, "x"),
        lambda page: writing.save_parts(by=li, order=order, page=page, parts=[]),
        lambda page: writing.add_photos(by=li, order=order, page=page, kind=PhotoKind.SITE, incoming=[taken()]),
    ):
        with pytest.raises(Conflict, match="signed"):
            save(Page("another-page", report.version))


@pytest.mark.parametrize(
    ("step", "fields", "wrong"),
    [
        (Step.FINDING, {"finding": "x" * 4_001}, "finding"),
        (Step.CAUSE, {"cause": "ghosts"}, "cause"),
        (Step.TIMES, {"labour_minutes": -1}, "labour_minutes"),
        (Step.TIMES, {"distance_km": 10_001}, "distance_km"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(li: Actor, order: WorkOrder, step: Step, fields: dict[str, object], wrong: str) -> None:
    with pytest.raises(Invalid) as error:
        writing.save(by=li, order=order, page=FIRST, step=step, fields=fields)
    assert list(error.value.fields) == [wrong]
    assert not ServiceReport.select().exists()


def test_a_step_saves_its_own_columns_only(li: Actor, order: WorkOrder) -> None:
    writing.save(by=li, order=order, page=FIRST, step=Step.FINDING, fields={"finding": "x", "status": "filed", "action": "y"})
    assert (ServiceReport.get().status, ServiceReport.get().action) == ("draft", "")


def test_parts_and_readings_are_replaced_whole(li: Actor, order: WorkOrder) -> None:
    for names in (["油封", "阀"], ["阀"]):
        writing.save_parts(by=li, order=order, page=FIRST, parts=[PartLine(name=name, serial_on="1") for name in names])
        writing.save_readings(by=li, order=order, page=FIRST, readings=[ReadingLine(name=name, after="9") for name in names])
    assert [(part.name, part.machine) for part in ReportPart.select()] == [("阀", order.machine)]
    assert [reading.name for reading in ReportReading.select()] == ["阀"]


def test_a_line_without_a_name_is_refused_with_its_place(li: Actor, order: WorkOrder) -> None:
    with pytest.raises(Invalid) as error:
        writing.save_parts(by=li, order=order, page=FIRST, parts=[PartLine(name="阀"), PartLine(name=" ", quantity=0)])
    assert set(error.value.fields) == {"part-1-name", "part-1-quantity"}


def test_off_warranty_nothing_is_put_on_before_it_is_approved(who: People, li: Actor) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE, warranty="off", kind=OrderKind.DIAGNOSIS)
    off, on = PartLine(name="阀", serial_off="A1"), PartLine(name="阀", serial_off="A1", serial_on="B2")
    writing.save_parts(by=li, order=order, page=FIRST, parts=[off])
    for part in (on, PartLine(name="油封")):
        with pytest.raises(Conflict, match="Off warranty"):
            writing.save_parts(by=li, order=order, page=FIRST, parts=[part])
    assert ReportPart.get().serial_on == ""
    gate.override(by=actor_of(who.zhao), order=order, reason="station flooded")
    writing.save_parts(by=li, order=order, page=FIRST, parts=[on])


def test_photos_of_one_sending_are_kept_once(li: Actor, order: WorkOrder) -> None:
    for _ in range(2):
        writing.add_photos(by=li, order=order, page=FIRST, kind=PhotoKind.BEFORE, incoming=[taken(), taken("b.png")], caption=" 油 缸 ")
    assert [(photo.kind, photo.caption) for photo in ReportPhoto.select()] == [("before", "油 缸")] * 2
    with pytest.raises(Invalid):
        writing.add_photos(by=li, order=order, page=Page("second-page", 1), kind=PhotoKind.BEFORE, incoming=[])


def test_a_photo_that_is_taken_out_is_gone_with_its_bytes_row(li: Actor, order: WorkOrder) -> None:
    writing.add_photos(by=li, order=order, page=FIRST, kind=PhotoKind.BEFORE, incoming=[taken()])
    photo = ReportPhoto.get()
    for _ in range(2):
        writing.remove_photo(by=li, order=order, photo=photo)
    assert not ReportPhoto.select().exists()
    assert not files.StoredFile.select().exists()


def test_times_that_were_not_tapped_are_marked_as_entered_later(li: Actor, order: WorkOrder) -> None:
    visit, now = Visit.get(Visit.order == order), clock.now()
    times = {visit.id: Times(departed_at=now - timedelta(hours=3), arrived_at=now - timedelta(hours=2))}
    writing.save(by=li, order=order, page=FIRST, step=Step.TIMES, fields={"labour_minutes": 110}, times=times)
    assert Visit.get().is_entered_later
    assert Step.TIMES not in steps.lacking(order, ServiceReport.get())
    backwards = {visit.id: Times(arrived_at=now - timedelta(hours=4))}
    with pytest.raises(Invalid):
        writing.save(by=li, order=order, page=FIRST, step=Step.TIMES, fields={"labour_minutes": 5}, times=backwards)
    assert ServiceReport.get().labour_minutes == 110
