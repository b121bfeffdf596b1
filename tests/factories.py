"""Rows with valid defaults for tests; they write through the models directly, with the documents that they are found by."""

import io
import itertools
import json
import secrets
from datetime import datetime, timedelta
from typing import Any, TypeVar

from peewee import Model

from app.accounts.models import Area, Authority, Department, Role, User, UserRole
from app.callbacks.models import CallBack, CallBackOutcome, CallBackStatus, ReturnVisit, VisitDraw
from app.core import clock, db, files, indexing
from app.core.files import StoredFile
from app.core.outbox import OutboxMessage
from app.core.types import system
from app.customers.models import Contact, Customer, Project, Site
from app.machines.models import DeviceProfile, DeviceProfileVersion, Machine, MachineModel
from app.monitoring import announcing
from app.monitoring.models import Alarm, Condition, Episode
from app.roster.models import Vehicle
from app.service_reports import content, sheets
from app.service_reports.models import (
    PhotoKind,
    ReportPart,
    ReportPhoto,
    ReportReading,
    ReportSignature,
    ReportStatus,
    ServiceReport,
)
from app.tickets import searching  # noqa: F401  # says how search documents are read
from app.tickets.models import (
    OPEN_STATUSES,
    Complaint,
    InboundMail,
    InboundMailFile,
    IntakeDraft,
    IntakeDraftFile,
    MailState,
    Priority,
    Ticket,
    TicketAttachment,
    TicketKind,
    TicketSource,
    TicketStatus,
    WorkSlip,
)
from app.work_orders.models import (
    DONE_STATUSES,
    OUT_STATUSES,
    GateOverride,
    OrderKind,
    OrderStatus,
    OrderStep,
    Proposal,
    TechnicianReport,
    Visit,
    WorkOrder,
)
from tests import filemakers
from tests.personas import make_user

_count = itertools.count(1)
Row = TypeVar("Row", bound=Model)


def _found(row: Row) -> Row:
    indexing.stale(f"{row._meta.table_name}_search", [row.id])
    return row


def customer(**values: Any) -> Customer:
    """A company; ``area`` and everything else may be given."""
    number = next(_count)
    with db.transaction():
        return _found(Customer.create(**{"name": f"Customer {number}", "short_name": f"C{number}", "created_at": clock.now()} | values))


def site(**values: Any) -> Site:
    """A site of a customer (a new one unless given), in the customer's area."""
    owner = values.pop("customer", None) or customer()
    with db.transaction():
        return _found(Site.create(**{"customer": owner, "name": f"Site {next(_count)}", "area": owner.area} | values))


def contact(**values: Any) -> Contact:
    """A person at a customer's (a new one unless given)."""
    owner = values.pop("customer", None) or customer()
    number = next(_count)
    with db.transaction():
        return _found(Contact.create(**{"customer": owner, "name": f"Contact {number}", "phone": f"138{number:08d}"} | values))


def project(**values: Any) -> Project:
    """A sale under way, of a customer (a new one unless given)."""
    number = next(_count)
    owner = values.pop("customer", None) or customer()
    with db.transaction():
        defaults = {"contract_number": f"XS{number:05d}", "name": f"Project {number}", "customer": owner, "created_at": clock.now()}
        return _found(Project.create(**defaults | values))


def stored_file(**values: Any) -> StoredFile:
    """A scan as it is kept; there are no bytes behind it."""
    number = next(_count)
    defaults = {"id": f"{number:032x}", "digest": f"{number:064x}", "name": f"scan{number}.pdf", "media_type": "application/pdf"}
    with db.transaction():
        return StoredFile.create(**defaults | {"size": 10, "created_at": clock.now()} | values)


def picture() -> bytes:
    """A small PNG."""
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (24, 18), (120, 130, 140)).save(made, "PNG")
    return made.getvalue()


def draft_file(**values: Any) -> IntakeDraftFile:
    """A file with bytes, handed in with a draft of the intake made of ``values``."""
    words = {"label": "half typed", "content": '{"title":"half typed"}', "created_at": clock.now(), "updated_at": clock.now()}
    with db.transaction():
        kept = files.store(by=system("tests"), name="said.txt", stream=io.BytesIO(b"what was said\n"))
        return IntakeDraftFile.create(draft=IntakeDraft.create(**words | values), file=kept, at=clock.now())


def machine_model(**values: Any) -> MachineModel:
    """A model of the range."""
    with db.transaction():
        return MachineModel.create(**{"name": f"Model {next(_count)}"} | values)


def profile(**values: Any) -> DeviceProfile:
    """A monitoring profile with an empty document."""
    number = next(_count)
    defaults = {
        "name": f"profile_{number}",
        "title_zh": f"模板{number}",
        "title_en": f"Profile {number}",
        "document": "{}",
        "updated_at": clock.now(),
    }
    with db.transaction():
        return DeviceProfile.create(**defaults | values)


def machine(**values: Any) -> Machine:
    """A machine at a site of a customer; ``area`` (an ``Area``) puts machine, site and customer there when those are not given."""
    area: Area | None = values.pop("area", None)
    number = next(_count)
    with db.transaction():
        owner = values.pop("customer", None) or customer(area=area)
        place = values.pop("site", None) or site(customer=owner, area=area or owner.area)
        model = values.pop("model", None) or MachineModel.get_or_create(name="Test model")[0]
        defaults = {
            "serial": f"SN{number:05d}",
            "device": f"DEV{number:05d}",
            "model": model,
            "customer": owner,
            "site": place,
            "area": area or place.area,
            "created_at": clock.now(),
            "qr_token": secrets.token_urlsafe(16),
        }
        return _found(Machine.create(**defaults | values))


def ticket(**values: Any) -> Ticket:
    """A new repair request from the hotline; customer and area follow the machine when one is given."""
    about = values.get("machine")
    status = TicketStatus(values.get("status", TicketStatus.NEW))
    now = clock.now()
    defaults = {
        "number": f"T9901-{next(_count):04d}",
        "opened_at": now,
        "changed_at": now,
        "source": TicketSource.HOTLINE,
        "kind": TicketKind.FAULT_REPORT,
        "status": status,
        "is_open": status in OPEN_STATUSES,
        "priority": Priority.HIGH,
        "title": "Pump does not start",
    }
    if about is not None:
        defaults |= {"customer": about.customer, "area": about.area}
    with db.transaction():
        return _found(Ticket.create(**defaults | values))


def attachment(**values: Any) -> TicketAttachment:
    """A photo on a ticket (a new one unless given); ``content`` are the bytes of another file, ``name`` is its name."""
    content, name = values.pop("content", None) or filemakers.jpeg(), values.pop("name", "photo.jpg")
    with db.transaction():
        kept = files.store(by=system("tests"), name=name, stream=io.BytesIO(content))
        defaults = {"ticket": values.pop("ticket", None) or ticket(), "file": kept, "at": clock.now(), "by_name": "somebody"}
        return TicketAttachment.create(**defaults | values)


def complaint(**values: Any) -> Complaint:
    """A complaint on a ticket of that kind (a new one unless given)."""
    about = values.pop("ticket", None) or ticket(kind=TicketKind.COMPLAINT)
    with db.transaction():
        return Complaint.create(ticket=about, **values)


def department(**values: Any) -> Department:
    """A department with an address."""
    with db.transaction():
        return Department.create(**{"name": f"Department {next(_count)}", "email": "department@works.example"} | values)


def work_slip(**values: Any) -> WorkSlip:
    """A slip that is due in two days, on a ticket (a new one unless given)."""
    number, now = next(_count), clock.now()
    defaults = {
        "number": f"W9901-{number:04d}",
        "ticket": values.pop("ticket", None) or ticket(),
        "department": values.pop("department", None) or department(),
        "text": "Which seal fits?",
        "due_at": now + timedelta(days=2),
        "sent_at": now,
        "by_name": "陈文员",
    }
    with db.transaction():
        return WorkSlip.create(**defaults | values)


def inbound_mail(file_name: str = "photo.jpg", **values: Any) -> InboundMail:
    """A mail that nobody has handled, with one photo."""
    number, now = next(_count), clock.now()
    defaults = {
        "message_id": f"<{number}@customer.example>",
        "from_name": "王站长",
        "from_address": "wang@customer.example",
        "subject": "3号站漏油",
        "text": "油缸漏油，请尽快处理。",
        "received_at": now,
        "state": MailState.NEW,
    }
    with db.transaction():
        kept = files.store(by=system("tests"), name=file_name, stream=io.BytesIO(filemakers.jpeg()))
        mail = InboundMail.create(**defaults | values)
        InboundMailFile.create(mail=mail, file=kept, name=file_name)
    return mail


def failed_message(**values: Any) -> OutboxMessage:
    """An e-mail that the server refused."""
    now = clock.now()
    defaults = {
        "channel": "email", "recipient": "gone@works.example", "subject": "Complaint", "body": "Please answer.", "created_at": now,
        "next_try_at": now, "failed_at": now, "tries": 1, "last_error": "550 no such mailbox",
    }  # fmt: skip
    with db.transaction():
        return OutboxMessage.create(**defaults | values)


def work_order(**values: Any) -> WorkOrder:
    """An order for a machine (a new one unless given), accepted by ``lead``; ``status`` may say otherwise. It has a planned visit."""
    now = clock.now()
    status = OrderStatus(values.get("status", OrderStatus.ACCEPTED))
    about = values.pop("machine", None) or machine()
    defaults: dict[str, Any] = {
        "number": f"D9901-{next(_count):04d}", "kind": OrderKind.REPAIR, "status": status, "is_out": status in OUT_STATUSES,
        "machine": about, "customer": about.customer, "site": about.site, "area": about.area, "priority": Priority.HIGH,
        "title": "Pump does not start", "warranty": "in", "created_at": now, "created_by_name": "陈文员", "changed_at": now,
    }  # fmt: skip
    if status in OUT_STATUSES + DONE_STATUSES:
        defaults |= {"dispatched_at": now, "dispatched_by_name": "赵副经理"}
    if status in DONE_STATUSES:
        defaults |= {"finished_at": now, "call_back_due_at": now + timedelta(days=2)}
    with db.transaction():
        order = WorkOrder.create(**defaults | values)
        OrderStep.create(order=order, at=now, recorded_at=now, by_name="赵副经理", to_status=status, lead=order.lead, machine=about)
        if order.lead:
            times = {"departed_at": now, "arrived_at": now, "left_at": now} if status in DONE_STATUSES else {}
            Visit.create(
                order=order, number=1, lead=order.lead, planned_from=now, planned_until=now + timedelta(hours=2), **times
            )  # fmt: skip
    return order


def return_visit(customer: Customer, **values: Any) -> ReturnVisit:
    """A visit planned in the present quarter, of a draw of the customer's area that is made when there is none."""
    now, area = clock.now(), customer.area
    day = now.astimezone(clock.zone())
    year, quarter = day.year, (day.month - 1) // 3 + 1
    cycle = year * 4 + quarter - 1
    made = {"cycle": cycle, "turn": 1, "seed": "seed", "active": 1, "pool": f"[{customer.id}]", "drawn": f"[{customer.id}]"}
    made |= {"digest": "0" * 64, "at": now, "by_name": "陈文员"}
    with db.transaction():
        draw, _is_new = VisitDraw.get_or_create(area=area, year=year, quarter=quarter, defaults=made)
        return ReturnVisit.create(**{"draw": draw, "customer": customer, "area": area, "cycle": cycle, "state": "planned"} | values)


def proposal(**values: Any) -> Proposal:
    """What an area manager proposes for an order (a new one unless given), not decided."""
    with db.transaction():
        by = User.select().join(UserRole).where(UserRole.role == Role.AREA_MANAGER).first()
        defaults = {
            "order": values.pop("order", None) or work_order(status=OrderStatus.DRAFT),
            "at": clock.now(),
            "by": by,
            "by_name": "何经理",
            "text": "换人去",
        }
        return Proposal.create(**defaults | values)


def gate_override(**values: Any) -> GateOverride:
    """An emergency that opened the gate for an order (a new one unless given), not read."""
    with db.transaction():
        order = values.pop("order", None) or work_order(status=OrderStatus.DRAFT)
        return GateOverride.create(**{"order": order, "at": clock.now(), "by_name": "赵副经理", "reason": "站里停运"} | values)


def call_back(**values: Any) -> CallBack:
    """A good record of a call about a finished order (a new one unless given) by a clerk of its own, in any ``status``.

    ``scores`` are the three at once; a poor one has a follow-up from its signature on, of ``follow_up_owner`` if given.
    """
    now = clock.now()
    status, outcome = CallBackStatus(values.get("status", CallBackStatus.RECORDED)), values.get("outcome", CallBackOutcome.REACHED)
    order = values.pop("order", None) or work_order(status=OrderStatus.FINISHED, lead=make_user(Role.TECHNICIAN))
    given = values.pop("scores", (5, 5, 5)) if outcome == CallBackOutcome.REACHED else (None, None, None)
    clerk = values.get("recorded_by") or make_user(Role.CLERK, name="陈文员")
    defaults: dict[str, Any] = {
        "order": order, "status": status, "outcome": outcome, "call": secrets.token_hex(16), "called_at": now, "is_hotline_told": True,
        "result_score": given[0], "attitude_score": given[1], "timeliness_score": given[2], "technician": order.lead_id,
        "is_poor": any(score is not None and score <= 2 for score in given), "customer": order.customer_id, "area": order.area_id,
        "machine": order.machine_id, "recorded_at": now, "recorded_by": clerk, "recorded_by_name": clerk.name,
    }  # fmt: skip
    if status != CallBackStatus.RECORDED:
        signer = values.get("signed_by") or make_user(Role.DEPUTY, name="赵副经理")
        defaults |= {
            "signed_at": now,
            "signed_by": signer,
            "signed_by_name": signer.name,
            "follow_up": "上门复查",
            "follow_up_owner": order.lead_id,
        }
        defaults |= {"follow_up_due_on": clock.day_of(now) + timedelta(days=3)}
    if status in (CallBackStatus.READ, CallBackStatus.ARCHIVED):
        reader = values.get("read_by") or make_user(Role.MANAGER, name="刘经理")
        defaults |= {"read_at": now, "read_by": reader, "read_by_name": reader.name}
    if status == CallBackStatus.ARCHIVED:
        defaults |= {"archived_at": now}
    with db.transaction():
        rest = {"call_back_archived_at": now} if status == CallBackStatus.ARCHIVED else {}
        WorkOrder.update(called_back_at=now, **rest).where(WorkOrder.id == order.id).execute()
        return CallBack.create(**defaults | values)


def technician_report(**values: Any) -> TechnicianReport:
    """The daily report of a technician (``user``) of today."""
    now = clock.now()
    defaults = {"period": "day", "starts_on": clock.day_of(now), "text": "上门 2 次", "sent_at": now}
    with db.transaction():
        return TechnicianReport.create(**defaults | values)


def authority(giver: User, holder: User, permission: str = "call_backs.sign", **values: Any) -> Authority:
    """An authority that stands from an hour ago for a day."""
    now = clock.now()
    times = {"from_at": now - timedelta(hours=1), "until_at": now + timedelta(days=1), "given_at": now}
    with db.transaction():
        return Authority.create(**{"giver": giver, "holder": holder, "permission": permission, "reason": "出差"} | times | values)


STROKES = "[[[100,100,0],[300,140,80],[420,380,160]],[[500,120,300],[500,360,380]]]"


def service_report(**values: Any) -> ServiceReport:
    """The report of an order on site (a new one unless given), complete, with a part, a reading and a photo; signed unless a draft."""
    order = values.pop("order", None) or work_order(status=OrderStatus.ON_SITE, lead=values.pop("lead"))
    status, now = ReportStatus(values.pop("status", ReportStatus.SIGNED)), clock.now()
    number = next(_count)
    defaults = {
        "number": f"R9901-{number:04d}", "order": order, "client_id": f"client-{number:06d}", "status": ReportStatus.DRAFT,
        "machine": order.machine, "by": order.lead, "finding": "Seal of the cylinder worn", "cause": "wear", "action": "Seal changed",
        "component": "hydraulics", "labour_minutes": 90, "created_at": now, "changed_at": now,
    }  # fmt: skip
    with db.transaction():
        Visit.update(departed_at=now, arrived_at=now).where(Visit.order == order, Visit.arrived_at.is_null()).execute()
        report = ServiceReport.create(**defaults | values)
        ReportPart.create(report=report, position=1, name="Seal", serial_on=f"S{number}", machine=order.machine)
        ReportReading.create(report=report, position=1, name="Pressure", before="9", after="15", unit="MPa")
        file = files.store(by=system("tests"), name="photo.png", stream=io.BytesIO(picture()))
        ReportPhoto.create(report=report, file=file, kind=PhotoKind.BEFORE, at=now, client_id=f"photo-{number}")
        if status != ReportStatus.DRAFT:
            _sign(report, status, now)
    return report


def _sign(report: ServiceReport, status: ReportStatus, now: datetime) -> None:
    said = {"hashed_by": "server", "signer": "王站长", "strokes": json.loads(STROKES), "way": "drawn"}
    text = content.whole(content.text_of(sheets.said_by(report)), said)
    ReportSignature.create(
        report=report, way="drawn", signer_name="王站长", strokes=STROKES, content=text, digest=content.digest(text), at=now,
        by=report.by, by_name=report.by.name,
    )  # fmt: skip
    ServiceReport.update(status=status, signed_at=now).where(ServiceReport.id == report.id).execute()
    report.status, report.signed_at = status, now


def vehicle(**values: Any) -> Vehicle:
    """A vehicle that is in use."""
    with db.transaction():
        return Vehicle.create(**{"plate": f"云A·{next(_count):05d}", "name": "皮卡"} | values)


def alarm(**values: Any) -> Alarm:
    """An alarm with one episode, unacknowledged; active unless ``condition`` says otherwise."""
    now = clock.now()
    started_at = values.pop("started_at", now)
    severity = values.pop("severity", Priority.HIGH)
    with db.transaction():
        row = Alarm.create(
            **{
                "machine": values.pop("machine", None) or machine(device=f"EVC-A{next(_count)}"), "code": "E04",
                "condition": Condition.ACTIVE, "is_acknowledged": False, "severity": severity, "last_event_at": started_at,
            } | values
        )  # fmt: skip
        Episode.create(
            alarm=row, machine=row.machine, code=row.code, severity=severity, started_at=started_at, last_raised_at=started_at,
            ended_at=started_at if row.condition == Condition.NORMAL else None,
        )  # fmt: skip
    return row


def announced(*, severity: str = "critical", at: datetime, code: str = "E16", **values: Any) -> Episode:
    """An alarm that came up at ``at``, with its ticket and the notice of it; ``values`` are of the machine."""
    about = machine(**values)
    row = Alarm.create(machine=about, code=code, condition="active", severity=severity, is_acknowledged=False, last_event_at=at)
    named = ticket(machine=about, priority=severity, source="monitoring", status="to_verify", opened_at=at)
    episode = Episode.create(
        alarm=row, machine=about, code=code, severity=severity, started_at=at, last_raised_at=at, ticket=named
    )  # fmt: skip
    announcing.raised(episode, at)
    return episode


def written_profile(codes: tuple[str, ...] = ("E01", "E02"), **values: Any) -> DeviceProfile:
    """A monitoring profile that describes ``codes``, with its first version."""
    described = "".join(f"  {code}: {{name: {{zh: 故障, en: Fault}}, severity: low}}\n" for code in codes)
    name = f"profile_{next(_count)}"
    row = profile(name=name, document=f"profile: {name}\nname: {{zh: 站, en: Station}}\ncodes:\n{described}", **values)
    with db.transaction():
        DeviceProfileVersion.create(profile=row, version=1, document=row.document, created_at=row.updated_at)
    return row
