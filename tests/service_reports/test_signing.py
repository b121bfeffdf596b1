"""Signing: once, over what was shown, by who is there; it and calling off exclude each other; what is signed is never changed."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from peewee import Database, DatabaseError

from app.accounts.models import Notice
from app.core import clock, db, files
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.types import Actor, system
from app.service_reports import content, queries, sheets, signing, writing
from app.service_reports.models import (
    ReportPart,
    ReportPhoto,
    ReportReading,
    ReportSignature,
    ReportStatus,
    ServiceReport,
    SignatureWay,
)
from app.service_reports.signing import Drawn, Undrawn
from app.work_orders import dispatching, gate, progress
from app.work_orders.models import GateOverride, OrderKind, OrderStatus, WorkOrder
from tests import factories
from tests.personas import People, actor_of, people

STROKES = factories.STROKES


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def li(who: People) -> Actor:
    return actor_of(who.li)


@pytest.fixture
def report(who: People) -> ServiceReport:
    return factories.service_report(lead=who.li, status=ReportStatus.DRAFT)


def seen(report: ServiceReport) -> str:
    return content.text_of(sheets.said_by(ServiceReport.get_by_id(report.id)))


def drawn(report: ServiceReport, **values: str) -> Drawn:
    return Drawn(**{"signer": "王站长", "strokes": STROKES, "seen": content.digest(seen(report))} | values)


def on_the_device(report: ServiceReport, way: str = "drawn", signer: str = "王站长") -> str:
    """The digest as static/js/signature.js makes it."""
    said = f'{{"hashed_by":"device","signer":"{signer}","strokes":{STROKES},"way":"{way}"}}'
    return content.digest(f'{{"report":{seen(report)},"signature":{said}}}')


def photo() -> files.Incoming:
    return files.take_in(name="site.png", stream=io.BytesIO(factories.picture()))


def test_it_works(li: Actor, report: ServiceReport) -> None:
    digest = on_the_device(report)
    signature = signing.sign(by=li, order=report.order, drawn=drawn(report, digest=digest, signer="  王站长 "))
    assert (signature.digest, signature.signer_name, signature.by_name, signature.way) == (digest, "王站长", li.name, "drawn")
    signed = ServiceReport.get()
    assert (signed.status, signed.signed_at) == (ReportStatus.SIGNED, signature.at)
    assert json.loads(signature.content)["signature"]["hashed_by"] == "device"
    found = sheets.check(sheets.of(signed))
    assert found is not None
    assert found.is_unchanged


def test_without_a_digest_of_the_device_the_centre_computes_alone_and_says_so(li: Actor, report: ServiceReport) -> None:
    signature = signing.sign(by=li, order=report.order, drawn=drawn(report))
    assert json.loads(signature.content)["signature"]["hashed_by"] == "server"


def test_a_digest_that_differs_is_refused_and_nothing_is_signed(li: Actor, report: ServiceReport) -> None:
    with pytest.raises(Conflict, match="check sums differ"):
        signing.sign(by=li, order=report.order, drawn=drawn(report, digest="0" * 64))
    assert ServiceReport.get().status == ReportStatus.DRAFT
    assert not ReportSignature.select().exists()


def test_what_was_changed_after_it_was_shown_is_not_signed(li: Actor, report: ServiceReport) -> None:
    shown = drawn(report)
    page = writing.Page("another-page", report.version)
    writing.save(by=li, order=report.order, page=page, step=writing.Step.ACTION, fields={"action": "something else"})
    with pytest.raises(Conflict, match="changed after it was shown"):
        signing.sign(by=li, order=report.order, drawn=shown)


@pytest.mark.parametrize(("values", "field"), [({"signer": " "}, "signer"), ({"signer": "x" * 61}, "signer"), ({"strokes": "[]"}, "")])
def test_a_signature_needs_a_name_and_ink(li: Actor, report: ServiceReport, values: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as error:
        signing.sign(by=li, order=report.order, drawn=drawn(report, **values))
    assert field in (*error.value.fields, "")


def test_a_report_is_signed_once(li: Actor, report: ServiceReport) -> None:
    given = drawn(report)
    signing.sign(by=li, order=report.order, drawn=given)
    with pytest.raises(Conflict, match="signed already, by 王站长"):
        signing.sign(by=li, order=report.order, drawn=given)
    assert ReportSignature.select().count() == 1


def test_another_technician_lets_nobody_sign(who: People, report: ServiceReport) -> None:
    with pytest.raises(NotAllowed):
        signing.sign(by=actor_of(who.wang), order=report.order, drawn=drawn(report))


def test_a_report_that_lacks_something_is_not_signed(who: People, li: Actor) -> None:
    report = factories.service_report(lead=who.li, status=ReportStatus.DRAFT, cause=None)
    with pytest.raises(Invalid, match="not complete"):
        signing.sign(by=li, order=report.order, drawn=drawn(report))


def test_nothing_is_signed_before_the_arrival(who: People, li: Actor) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.TRAVELLING)
    report = factories.service_report(order=order, status=ReportStatus.DRAFT)
    with pytest.raises(Conflict, match="arrival"):
        signing.sign(by=li, order=order, drawn=drawn(report))


def test_parts_put_on_wait_for_the_gate_at_the_signature_too(who: People, li: Actor) -> None:
    order = factories.work_order(lead=who.li, status=OrderStatus.ON_SITE, warranty="off", kind=OrderKind.DIAGNOSIS)
    gate.override(by=actor_of(who.zhao), order=order, reason="flood")
    report = factories.service_report(order=order, status=ReportStatus.DRAFT)
    with db.transaction():
        GateOverride.delete().execute()
    with pytest.raises(Conflict, match="Off warranty"):
        signing.sign(by=li, order=order, drawn=drawn(report))
    with db.transaction():
        ReportPart.delete().execute()
    signing.sign(by=li, order=order, drawn=drawn(report))  # a diagnosis alone is signed while the gate is shut


# --- calling off --------------------------------------------------------------


def test_an_order_whose_report_is_signed_is_not_called_off(who: People, li: Actor, report: ServiceReport) -> None:
    signing.sign(by=li, order=report.order, drawn=drawn(report))
    order = WorkOrder.get_by_id(report.order_id)
    with pytest.raises(Conflict, match="can no longer be called off"):
        dispatching.call_off(by=actor_of(who.zhao), order=order, version=order.version, reason="customer phoned")
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ON_SITE


def test_a_report_of_an_order_called_off_is_not_signed(who: People, li: Actor, report: ServiceReport) -> None:
    order = WorkOrder.get_by_id(report.order_id)
    given = drawn(report)
    dispatching.call_off(by=actor_of(who.zhao), order=order, version=order.version, reason="customer phoned")
    with pytest.raises(Conflict, match="called off"):
        signing.sign(by=li, order=report.order, drawn=given)
    assert ServiceReport.get().status == ReportStatus.DRAFT


def test_of_signing_and_calling_off_at_the_same_moment_one_wins(who: People, li: Actor, report: ServiceReport) -> None:
    order = WorkOrder.get_by_id(report.order_id)
    given, zhao, start = drawn(report), actor_of(who.zhao), Barrier(2)

    def attempt(act: Callable[[], object]) -> bool:
        start.wait()
        try:
            act()
        except Conflict:
            return False
        finally:
            db.drop_connection()
        return True

    with ThreadPoolExecutor(2) as pool:
        signing_it = pool.submit(attempt, lambda: signing.sign(by=li, order=report.order, drawn=given))
        calling_off = pool.submit(attempt, lambda: dispatching.call_off(by=zhao, order=order, version=order.version, reason="phoned"))
        is_signed, is_off = signing_it.result(), calling_off.result()
    assert is_signed != is_off
    assert (ServiceReport.get().status == ReportStatus.SIGNED) == is_signed
    assert (WorkOrder.get_by_id(order.id).status == OrderStatus.CANCELLED) == is_off


def test_finishing_follows_the_signature(li: Actor, report: ServiceReport) -> None:
    signing.sign(by=li, order=report.order, drawn=drawn(report))
    order = WorkOrder.get_by_id(report.order_id)
    progress.finish(by=li, order=order, version=order.version)
    found = sheets.check(sheets.of(ServiceReport.get()))
    assert found is not None
    assert found.is_unchanged  # the visit has ended meanwhile, what was signed has not changed


# --- the customer's own phone ---------------------------------------------------


def test_the_customer_signs_by_the_link_once(li: Actor, report: ServiceReport) -> None:
    token = signing.make_link(by=li, order=report.order).sign_token
    given = drawn(report, digest=on_the_device(report, way="remote"))
    signature = signing.sign_by_link(by=system("customer"), token=token, drawn=given)
    assert (signature.way, signature.by_id, signature.by_name) == ("remote", None, "王站长")
    assert Notice.select().where(Notice.user == li.user_id).count() == 1
    with pytest.raises(Conflict, match="already"):
        signing.sign_by_link(by=system("customer"), token=token, drawn=given)


def test_a_link_lasts_a_day_and_a_new_one_ends_it(li: Actor, report: ServiceReport) -> None:
    now = clock.now()
    first = signing.make_link(by=li, order=report.order, at=now).sign_token
    second = signing.make_link(by=li, order=report.order, at=now).sign_token
    for token, at in ((first, now), (second, now + timedelta(hours=24, minutes=1)), ("", now), ("x" * 33, now)):
        with pytest.raises(NotFound):
            signing.of_link(token, at)
    assert signing.of_link(second, now + timedelta(hours=23)) == report


# --- without a drawn signature --------------------------------------------------


@pytest.mark.parametrize("way", [SignatureWay.ABSENT, SignatureWay.REFUSED, SignatureWay.PAPER])
def test_reason_and_photo_stand_for_the_signature(li: Actor, report: ServiceReport, way: SignatureWay) -> None:
    closing = Undrawn(way=way, incoming=[photo()], reason="站上没有人", signer="王站长" if way == SignatureWay.PAPER else "")
    signature = signing.close_unsigned(by=li, order=report.order, closing=closing)
    assert ServiceReport.get().status == ReportStatus.SIGNED
    assert signature.photo.file.digest in signature.content
    assert signature.photo in sheets.photos_of(report)
    found = sheets.check(sheets.of(ServiceReport.get()))
    assert found is not None
    assert found.is_unchanged


def test_without_reason_or_photo_nothing_is_closed(li: Actor, report: ServiceReport) -> None:
    with pytest.raises(Invalid) as error:
        signing.close_unsigned(by=li, order=report.order, closing=Undrawn(way=SignatureWay.REFUSED, incoming=[]))
    assert set(error.value.fields) == {"reason", "photo"}


# --- for ever -------------------------------------------------------------------


def test_the_database_refuses_every_change_of_what_was_signed(li: Actor, report: ServiceReport) -> None:
    signing.sign(by=li, order=report.order, drawn=drawn(report))
    changes = (
        ServiceReport.update(finding="x"), ServiceReport.update(status="draft", signed_at=None), ReportPart.update(serial_on="x"),
        ReportReading.delete(), ReportPhoto.update(caption="x"), ReportSignature.update(digest="0" * 64), ReportSignature.delete(),
    )  # fmt: skip
    for change in changes:
        with pytest.raises(DatabaseError), db.transaction():
            change.execute()


def test_a_photo_that_was_changed_on_the_disk_is_noticed(li: Actor, report: ServiceReport) -> None:
    signing.sign(by=li, order=report.order, drawn=drawn(report))
    files.path_of(sheets.photos_of(report)[0].file).write_bytes(b"something else")
    found = sheets.check(sheets.of(ServiceReport.get()))
    assert found is not None
    assert (found.is_unchanged, found.lost_photos) == (False, ("photo.png",))


def test_the_sheet_says_for_ever_what_was_signed(li: Actor, report: ServiceReport) -> None:
    signing.sign(by=li, order=report.order, drawn=drawn(report))
    with db.transaction():
        WorkOrder.update(title="another title").execute()
    assert sheets.of(ServiceReport.get()).about["title"] == "Pump does not start"
    summary = queries.summary(report.order)
    assert summary is not None
    assert (summary.finding, summary.parts[:4]) == ("Seal of the cylinder worn", "Seal")
