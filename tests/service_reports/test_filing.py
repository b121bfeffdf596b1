"""Filing by the clerk, by report or by paper, once and after the finish; reminding who owes a report, once a day."""

from datetime import timedelta

import pytest
from peewee import Database

from app.accounts.models import Notice
from app.core import clock, db
from app.core.errors import Conflict, NotAllowed
from app.core.types import Actor
from app.machines.models import Document, FormType
from app.service_reports import filing, register
from app.service_reports.models import ReportStatus, ServiceReport
from app.service_reports.register import ReportFilter
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def chen(who: People) -> Actor:
    return actor_of(who.chen)


@pytest.fixture
def order(who: People) -> WorkOrder:
    return factories.work_order(lead=who.li, status=OrderStatus.FINISHED)


def hand_in_paper(order: WorkOrder) -> None:
    with db.transaction():
        Document.create(
            machine=order.machine, form_type=FormType.SERVICE_REPORT, about=order.number, has_paper=True, created_at=clock.now(),
            by_name="李师傅",
        )  # fmt: skip


def test_it_works(chen: Actor, order: WorkOrder) -> None:
    report = factories.service_report(order=order)
    filing.file(by=chen, report=report)
    assert (ServiceReport.get().status, ServiceReport.get().filed_by_name) == (ReportStatus.FILED, chen.name)
    assert WorkOrder.get().status == OrderStatus.FILED
    with pytest.raises(Conflict, match="陈文员 has filed"):
        filing.file(by=chen, report=report)


def test_a_report_is_filed_after_signature_and_finish(who: People, chen: Actor, order: WorkOrder) -> None:
    with pytest.raises(Conflict, match="not signed"):
        filing.file(by=chen, report=factories.service_report(order=order, status=ReportStatus.DRAFT))
    with pytest.raises(Conflict, match="not finished"):
        filing.file(by=chen, report=factories.service_report(lead=who.li))


def test_only_the_clerk_files(who: People, order: WorkOrder) -> None:
    report = factories.service_report(order=order)
    with pytest.raises(NotAllowed):
        filing.file(by=actor_of(who.li), report=report)
    with pytest.raises(NotAllowed):
        filing.file_paper(by=actor_of(who.zhao), order=order)


def test_an_order_is_filed_by_the_paper_that_was_handed_in(chen: Actor, order: WorkOrder) -> None:
    with pytest.raises(Conflict, match="No paper"):
        filing.file_paper(by=chen, order=order)
    hand_in_paper(order)
    filing.file_paper(by=chen, order=order)
    assert WorkOrder.get().status == OrderStatus.FILED


def test_paper_does_not_stand_in_for_a_signed_report(chen: Actor, order: WorkOrder) -> None:
    factories.service_report(order=order)
    hand_in_paper(order)
    with pytest.raises(Conflict, match="file that one"):
        filing.file_paper(by=chen, order=order)


def test_what_is_missing_stands_in_the_list_until_it_is_signed_or_filed(who: People, chen: Actor, order: WorkOrder) -> None:
    draft = factories.service_report(order=order, status=ReportStatus.DRAFT)
    signed = factories.work_order(lead=who.li, status=OrderStatus.FINISHED)
    factories.service_report(order=signed)
    factories.work_order(lead=who.li, status=OrderStatus.FILED)
    found = list(register.missing(chen))
    assert [(one.id, one.draft.number, one.paper_id) for one in found] == [(order.id, draft.number, None)]
    hand_in_paper(order)
    assert [bool(one.paper_id) for one in register.missing(chen)] == [True]
    assert [list(register.missing(chen, technician)) for technician in (who.wang.id, who.li.id)] == [[], [order]]
    assert not list(register.missing(actor_of(who.area_manager)))  # of no area


def test_who_owes_a_report_is_reminded_once_a_day(who: People, chen: Actor, order: WorkOrder) -> None:
    now = clock.now()
    assert [filing.remind(by=chen, order=order, at=now), filing.remind(by=chen, order=order, at=now)] == [True, False]
    assert filing.remind(by=chen, order=order, at=now + timedelta(days=1))
    assert Notice.select().where(Notice.user == who.li).count() == 2
    factories.service_report(order=order)
    with pytest.raises(Conflict, match="has come"):
        filing.remind(by=chen, order=order)


def test_the_list_is_narrowed_by_each_filter(who: People, chen: Actor, order: WorkOrder) -> None:
    report = factories.service_report(order=order, cause="misuse")
    factories.service_report(lead=who.wang, status=ReportStatus.DRAFT)
    today = clock.today()
    for wanted in (
        ReportFilter(status="signed"), ReportFilter(technician=who.li.id), ReportFilter(machine=order.machine.serial),
        ReportFilter(cause="misuse"), ReportFilter(way="drawn"), ReportFilter(q=order.number),
        ReportFilter(status="signed", from_on=today, to_on=today),
    ):  # fmt: skip
        assert [one.number for one in register.listed(chen, wanted)] == [report.number], wanted
    assert not list(register.listed(chen, ReportFilter(way="unsigned")))
    assert not list(register.listed(chen, ReportFilter(from_on=today + timedelta(days=1))))
    assert len(next(register.exported(chen, ReportFilter(), register.DEFAULT_SORT))) == len(register.COLUMNS)
