"""From every state of a report and of its order, by every operation on it: writing ends with the signature, amending begins with it, the
clerk files what is signed. Everything else is refused in words and changes no row.
"""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from peewee import Model

from app.accounts.models import Notice, Role
from app.core import clock, files
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.files import Incoming, StoredFile
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.service_reports import amending, content, filing, sheets, signing, writing
from app.service_reports.models import (
    PhotoKind,
    ReportAmendment,
    ReportPart,
    ReportPhoto,
    ReportReading,
    ReportSignature,
    ReportStatus,
    ServiceReport,
    SignatureWay,
)
from app.service_reports.signing import Drawn, Undrawn
from app.service_reports.steps import Step
from app.service_reports.writing import Page, PartLine, ReadingLine
from app.work_orders.models import OrderStatus, OrderStep, Visit, WorkOrder
from tests import factories
from tests.personas import actor_of, make_user

pytestmark = pytest.mark.usefixtures("sqlite_database")
S, R = OrderStatus, ReportStatus
WATCHED: tuple[type[Model], ...] = (
    ServiceReport, ReportPart, ReportReading, ReportPhoto, ReportSignature, ReportAmendment, WorkOrder, OrderStep, Visit, HistoryEntry,
    StoredFile, Notice,
)  # fmt: skip
WRITABLE = (S.ACCEPTED, S.TRAVELLING, S.ON_SITE, S.WAITING_PARTS, S.FINISHED)
SIGNABLE = (S.ON_SITE, S.WAITING_PARTS, S.FINISHED)
ANY = tuple(OrderStatus)


def page_of(report: ServiceReport) -> Page:
    return Page(report.client_id, report.version)


def photo(name: str = "photo.png") -> Incoming:
    return files.take_in(name=name, stream=BytesIO(factories.picture()))


def drawn(report: ServiceReport) -> Drawn:
    return Drawn(signer="王站长", strokes=factories.STROKES, seen=content.digest(content.text_of(sheets.said_by(report))))


def by_link(by: Actor, report: ServiceReport) -> object:
    return signing.sign_by_link(by=by, token=report.sign_token, drawn=drawn(report))


def take_out_photo(by: Actor, report: ServiceReport) -> object:
    return writing.remove_photo(by=by, order=report.order, photo=report.photos.get())


def without_signature(by: Actor, report: ServiceReport) -> object:
    closing = Undrawn(way=SignatureWay.REFUSED, incoming=[photo()], reason="x")
    return signing.close_unsigned(by=by, order=report.order, closing=closing)


Way = Callable[[Actor, ServiceReport], object]
# Every operation: who does it, what it makes of which state of the report, and in which states of its order.
WAYS: dict[str, tuple[str, Way, dict[ReportStatus, ReportStatus], tuple[OrderStatus, ...]]] = {
    "save": (
        "li",
        lambda by, report: writing.save(by=by, order=report.order, page=page_of(report), step=Step.FINDING, fields={"finding": "x"}),
        {R.DRAFT: R.DRAFT},
        WRITABLE,
    ),
    "save_parts": (
        "li",
        lambda by, report: writing.save_parts(by=by, order=report.order, page=page_of(report), parts=[PartLine(name="x")]),
        {R.DRAFT: R.DRAFT},
        WRITABLE,
    ),
    "save_readings": (
        "li",
        lambda by, report: writing.save_readings(by=by, order=report.order, page=page_of(report), readings=[ReadingLine(name="x")]),
        {R.DRAFT: R.DRAFT},
        WRITABLE,
    ),
    "add_photos": (
        "li",
        lambda by, report: writing.add_photos(by=by, order=report.order, page=page_of(report), kind=PhotoKind.AFTER, incoming=[photo()]),
        {R.DRAFT: R.DRAFT},
        WRITABLE,
    ),
    "remove_photo": ("li", take_out_photo, {R.DRAFT: R.DRAFT}, WRITABLE),
    "make_link": ("li", lambda by, report: signing.make_link(by=by, order=report.order), {R.DRAFT: R.DRAFT}, SIGNABLE),
    "sign": (
        "li",
        lambda by, report: signing.sign(by=by, order=report.order, drawn=drawn(report)),
        {R.DRAFT: R.SIGNED},
        SIGNABLE,
    ),
    "sign_by_link": ("li", by_link, {R.DRAFT: R.SIGNED}, SIGNABLE),
    "close_unsigned": ("li", without_signature, {R.DRAFT: R.SIGNED}, SIGNABLE),
    "amend": (
        "li",
        lambda by, report: amending.amend(by=by, report=report, seen=0, reason="x", fields={"finding": "x"}),
        {R.SIGNED: R.SIGNED, R.FILED: R.FILED},
        ANY,
    ),
    "file": ("chen", lambda by, report: filing.file(by=by, report=report), {R.SIGNED: R.FILED}, (S.FINISHED,)),
}


def report_of(li: Any, status: ReportStatus, order_status: OrderStatus) -> ServiceReport:
    """A complete report in ``status`` of an order in ``order_status``, with a link that is not over."""
    at_rest = {"call_back_archived_at": clock.now()} if order_status == S.ARCHIVED else {}
    order = factories.work_order(lead=li, status=order_status, **at_rest)
    token = f"link-{order.id}"
    made = factories.service_report(order=order, status=status, sign_token=token, sign_token_until=clock.now() + timedelta(hours=1))
    return ServiceReport.get_by_id(made.id)


def rows() -> dict[str, list[Any]]:
    return {model.__name__: sorted(model.select().tuples(), key=repr) for model in WATCHED}


@pytest.mark.parametrize("status", ReportStatus)
@pytest.mark.parametrize("name", WAYS)
def test_it_works(name: str, status: ReportStatus) -> None:
    who = {"li": make_user(Role.TECHNICIAN, name="李工"), "chen": make_user(Role.CLERK, name="陈文员")}
    part, go, leads_to, open_in = WAYS[name]
    by = actor_of(who[part])
    for order_status in OrderStatus:
        report = report_of(who["li"], status, order_status)
        before = rows()
        if status in leads_to and order_status in open_in:
            go(by, report)
            assert ServiceReport.get_by_id(report.id).status == leads_to[status], order_status
            assert rows() != before
        else:
            with pytest.raises((Conflict, Invalid, NotAllowed, NotFound)):
                go(by, report)
            assert rows() == before, order_status


@pytest.mark.parametrize("role", [Role.CLERK, Role.TECHNICIAN, Role.DEPUTY, Role.MANAGER, Role.AREA_MANAGER, Role.QUALITY, Role.ADMIN])
@pytest.mark.parametrize("name", [name for name in WAYS if name != "sign_by_link"])
def test_who_may_not_changes_nothing(name: str, role: Role) -> None:
    _part, go, leads_to, open_in = WAYS[name]
    if (name, role) in (("amend", Role.DEPUTY), ("file", Role.CLERK)):
        return
    report = report_of(make_user(Role.TECHNICIAN), next(iter(leads_to)), S.ON_SITE if S.ON_SITE in open_in else open_in[0])
    before = rows()
    with pytest.raises(NotAllowed):
        go(actor_of(make_user(role)), report)
    assert rows() == before
