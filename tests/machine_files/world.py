"""A machine with one entry of every source, and what each of them is recognised by on the page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.accounts.models import Role
from app.contracts.models import ContractKind
from app.core import clock, db
from app.machine_files.kinds import KINDS
from app.machines.models import Document, FormType, Machine, MachineMove, TerminalChange
from app.monitoring.models import Alarm, Condition, Episode
from app.service_reports.models import ReportAmendment
from app.tickets import searching
from app.tickets.models import (
    Complaint,
    PastWork,
    Ticket,
    TicketAttachment,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
    TicketUrging,
)
from app.work_orders.models import Guidance, OrderStatus, OrderStep
from tests import factories, money_factories
from tests.personas import make_user

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SOURCES = [source.name for kind in KINDS for source in kind.sources]


@dataclass(frozen=True, slots=True)
class World:
    """The machine, its ticket, and one word of each source by the source's name."""

    machine: Machine
    ticket: Ticket
    words: dict[str, str]


def indexed(ticket: Ticket) -> Ticket:
    """The ticket with its search document."""
    with db.transaction():
        searching.index(ticket)
    return ticket


def full(**values: object) -> World:
    """Write it."""
    machine = factories.machine(shipped_on=date(2026, 2, 1), accepted_on=date(2026, 2, 10), created_at=AT - timedelta(days=20), **values)
    project = factories.project(customer=machine.customer)
    ticket = factories.ticket(
        machine=machine, title="WORDOPENED", text="主泵异响", opened_at=AT, resolved_at=AT + timedelta(hours=2), solution="WORDRESOLVED",
        closed_at=AT + timedelta(hours=3), status=TicketStatus.CLOSED,
    )  # fmt: skip
    complained = factories.ticket(machine=machine, title="WORDCOMPLAINT", kind=TicketKind.COMPLAINT, opened_at=AT + timedelta(hours=4))
    past = factories.ticket(
        machine=machine, title="WORDPAST", source=TicketSource.IMPORT, status=TicketStatus.CLOSED,
        opened_at=AT - timedelta(days=300), closed_at=AT - timedelta(days=299),
    )  # fmt: skip
    with db.transaction():
        machine.project = project
        machine.save()
        PastWork.create(ticket=past, work_type="PM01", cost_fen=123_456, technician_name="WORDTECHNICIAN")
        Complaint.create(ticket=complained, measure="WORDMEASURE", is_justified=True)
        note = TicketNote.create(ticket=ticket, at=AT + timedelta(minutes=1), by_name="陈文员", text="WORDNOTE")
        photo = factories.stored_file(name="WORDPHOTO.jpg", media_type="image/jpeg", has_preview=True)
        TicketAttachment.create(ticket=ticket, file=photo, at=AT + timedelta(minutes=2), by_name="陈文员", caption="WORDATTACHED")
        TicketAttachment.create(
            ticket=ticket, file=photo, at=AT + timedelta(minutes=2), by_name="陈文员", caption="WORDINTERNAL", note=note
        )
        TicketUrging.create(ticket=ticket, at=AT + timedelta(minutes=3), by_name="陈文员", text="WORDURGED")
        alarm = Alarm.create(
            machine=machine, code="WORDCODE", condition=Condition.NORMAL, is_acknowledged=True, severity="high", last_event_at=AT
        )
        Episode.create(
            alarm=alarm,
            machine=machine,
            code="WORDCODE",
            severity="high",
            started_at=AT,
            ended_at=AT + timedelta(hours=1),
            last_raised_at=AT,
        )
        common = {"created_at": AT + timedelta(minutes=4), "by_name": "陈文员", "has_paper": True}
        Document.create(machine=machine, form_type=FormType.INSPECTION, title="WORDDOCUMENT", **common)
        Document.create(project=project, form_type=FormType.PIT_SURVEY, title="WORDPROJECT", **common)
        customers = {"from_customer": factories.customer(name="WORDBEFORE"), "to_customer": machine.customer}
        MachineMove.create(machine=machine, at=AT - timedelta(days=10), by_name="陈文员", reason="WORDMOVED", **customers)
        TerminalChange.create(machine=machine, at=AT - timedelta(days=5), old_device="OLD1", new_device="WORDTERMINAL", by_name="陈文员")
    _work(machine)
    for one in (ticket, complained, past):
        indexed(one)
    words = {
        "ticket_opened": "WORDOPENED", "ticket_resolved": "WORDRESOLVED", "ticket_closed": ticket.number, "past_work": "WORDPAST",
        "complaint": "WORDMEASURE", "note": "WORDNOTE", "attachment": "WORDATTACHED", "urging": "WORDURGED", "episode": "WORDCODE",
        "document": "WORDDOCUMENT", "project_document": "WORDPROJECT", "move": "WORDMOVED", "terminal": "WORDTERMINAL", "milestone": "2026",
        "order_made": "WORDORDER", "order_step": "WORDWHY", "guidance": "WORDGUIDANCE",
        "report_signed": "WORDFOUND", "report_amended": "WORDAMENDED", "call_back": "WORDSAID", "invoice": "WORDINVOICED",
        "contract_invoice": "WORDAGREED", "contract_made": "WORDREPAIR", "agreement": "WORDYEAR",
        "return_opened": "WORDOFF", "verdict": "WORDCRACK",
    }  # fmt: skip
    return World(Machine.get_by_id(machine.id), Ticket.get_by_id(ticket.id), words)


def _work(machine: Machine) -> None:
    """An order that was made and returned, with one entry of its guidance log, a report that was amended, and a call-back."""
    order = factories.work_order(machine=machine, title="WORDORDER", status=OrderStatus.DECLINED)
    made = {"order": order, "by_name": "陈文员", "machine": machine}
    with db.transaction():
        OrderStep.create(at=AT + timedelta(hours=7), recorded_at=AT, from_status="draft", to_status="cancelled", reason="WORDWHY", **made)
        Guidance.create(at=AT + timedelta(hours=8), is_question=True, text="WORDGUIDANCE", **made)
    writer = make_user(Role.TECHNICIAN, name="李师傅")
    report = factories.service_report(order=order, by=writer, finding="WORDFOUND")
    factories.call_back(order=order, text="WORDSAID")
    money_factories.invoice(order=order, buyer_name="WORDINVOICED")
    contract = money_factories.contract(machine=machine, title="WORDREPAIR")
    term = {"valid_from": AT.date(), "valid_until": AT.date() + timedelta(days=364), "machines": [machine]}
    money_factories.contract(machine=machine, kind=ContractKind.AGREEMENT, title="WORDYEAR", **term)
    money_factories.invoice(customer=machine.customer, contract=contract, buyer_name="WORDAGREED")
    returned = money_factories.returned(
        machine=machine, order=order, part_name="WORDOFF", status="decided", opened_at=AT - timedelta(days=40)
    )
    money_factories.nonconformity(
        returned=returned, status="decided", decided_at=AT - timedelta(days=39), decided_by_name="高质量", cause="manufacture",
        disposition="scrap", quality_opinion="WORDCRACK",
    )  # fmt: skip
    with db.transaction():
        ReportAmendment.create(
            report=report, number=1, at=AT + timedelta(hours=9), by=writer, by_name=writer.name, reason="WORDAMENDED",
            content='{"changes":{}}', digest="0" * 64,
        )  # fmt: skip


def now_minus(days: int) -> datetime:
    """So many days ago."""
    return clock.now() - timedelta(days=days)
