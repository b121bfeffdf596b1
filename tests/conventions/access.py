"""Who may ask for what: one line per route. A route that is not here fails the matrix (test_access_matrix.py).

``may(roles)``                 these roles, whatever the object
``may(roles, scoped=True)``    these roles; who is bound to areas gets 404 for objects of another area
``PUBLIC``                     everybody, signed in or not
``own_only=True``              only the person whose object it is (and roles in ``also``)

The parts of an address come from ``VALUES``: one line per part, the value on one side of the world (north or south).
An endpoint whose part means something else gets its own line, ``"endpoint:part"``.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.accounts import sessions
from app.accounts.models import Area, Authority, Department, Notice, Role, SessionKind, Station, User
from app.analytics.quality_reports.models import QualityReport
from app.billing.models import Allocation, DunningRecord, DunningStep, Invoice, InvoiceFile, JobCost, Payment, Receivable
from app.callbacks.models import CallBack, CallBackStatus, ReturnVisit, VisitDraw
from app.contracts.models import Contract, ContractStatus, ContractTemplate, TaxRate, WarrantyExtension
from app.core import clock, db, files
from app.core.history import HistoryEntry, digest
from app.core.import_runs import ImportKind, ImportRun
from app.core.outbox import OutboxMessage
from app.core.types import system
from app.customers.models import BroadcastMessage, Contact, Customer, Project, Site
from app.machines.models import DeviceProfile, DeviceProfileVersion, Document, DocumentRequest, FormType, Machine
from app.machines.profiles import editing
from app.monitoring.models import (
    Alarm,
    Condition,
    CredentialState,
    CustomerTelling,
    DeviceCredential,
    Episode,
    FeedOutage,
    Gap,
    QuarantinedMessage,
    Reading,
    RejectedMessage,
    Terminal,
)
from app.monitoring.shift_log.models import ShiftLog
from app.parts.models import StockBalance, StockCount, StockPlace, Supplier
from app.returns.models import DefectiveReturn, Nonconformity
from app.roster import calendar_operations
from app.roster import operations as roster
from app.roster.models import DutyShift, Vehicle
from app.service_reports.models import ReportStatus, ServiceReport
from app.supply.models import PartsOrder, PurchaseRequest, Requisition, Shipment
from app.tickets.models import (
    ClockKind,
    Complaint,
    HotlineRecord,
    InboundMail,
    IntakeDraftFile,
    Priority,
    Ticket,
    TicketAttachment,
    TicketClock,
    TicketKind,
    TicketStatus,
    WorkSlip,
)  # fmt: skip
from app.work_orders.models import GateOverride, OrderStatus, Proposal, TechnicianReport, WorkOrder
from tests import factories, money_factories, supply_factories, taking_in
from tests.personas import People, actor_of, people

ALL = frozenset(Role)
DESK = frozenset({Role.CLERK, Role.DEPUTY, Role.MANAGER})
BUSINESS = ALL - {Role.ADMIN}
FIELD = frozenset({Role.TECHNICIAN, Role.AREA_MANAGER})


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask; ``roles`` is None for everybody."""

    roles: frozenset[Role] | None
    scoped: bool = False
    own_only: bool = False
    also: frozenset[Role] = frozenset()


PUBLIC = Access(None)


def may(*roles: Role | frozenset[Role], scoped: bool = False, own_only: bool = False, also: frozenset[Role] = frozenset()) -> Access:
    """These roles; single ones and sets may be mixed."""
    all_roles = frozenset().union(*(role if isinstance(role, frozenset) else {role} for role in roles))
    return Access(all_roles, scoped, own_only, also)


FEED = may(Role.CLERK, Role.DEPUTY, Role.MANAGER, Role.ADMIN)
REGISTER = may(Role.CLERK, Role.DEPUTY, Role.ADMIN)
CREDENTIALS = may(Role.DEPUTY, Role.ADMIN)
ADMINISTRATION = may(Role.ADMIN)
HOUSE = may(Role.MANAGER, Role.ADMIN)
CALL_BACKS = may(DESK, Role.AREA_MANAGER)
MONEY_READ = (Role.CLERK, Role.TECHNICIAN, Role.DEPUTY, Role.MANAGER, Role.AREA_MANAGER)
INVOICES_EDIT = (Role.CLERK, Role.MANAGER)
MONEY = may(DESK, FIELD)
BOOKS = may(Role.CLERK, Role.MANAGER)
DUNNING = (Role.CLERK, Role.TECHNICIAN, Role.MANAGER, Role.AREA_MANAGER)

ACCESS: dict[str, Access] = {
    # the house
    "static": PUBLIC,
    "assets.send": PUBLIC,
    "health.healthz": PUBLIC,
    "health.readyz": PUBLIC,
    "health.metrics": PUBLIC,
    "preferences.change": PUBLIC,
    "styleguide.index": PUBLIC,
    "styleguide.layout": PUBLIC,
    "home.start": may(ALL),
    # accounts
    "accounts.login": PUBLIC,
    "accounts.logout": PUBLIC,
    "accounts.account": may(ALL),
    "accounts.own_password": may(ALL),
    "accounts.own_pin": may(ALL),
    "accounts.unlock": may(ALL),
    "accounts.end_session": may(ALL, own_only=True, also=frozenset({Role.ADMIN})),
    "accounts.end_other_sessions": may(ALL),
    "accounts.own_authorities": may(ALL),
    "accounts.give_authority": may(Role.DEPUTY, Role.MANAGER),
    "accounts.revoke_authority": may(Role.DEPUTY, Role.MANAGER),
    "accounts.users": ADMINISTRATION,
    "accounts.users_csv": ADMINISTRATION,
    "accounts.users_xlsx": ADMINISTRATION,
    "accounts.new_user": ADMINISTRATION,
    "accounts.user": ADMINISTRATION,
    "accounts.user_password": ADMINISTRATION,
    "accounts.disable": ADMINISTRATION,
    "accounts.enable": ADMINISTRATION,
    "accounts.end_sessions": ADMINISTRATION,
    "accounts.areas": ADMINISTRATION,
    "accounts.area": ADMINISTRATION,
    "accounts.history": may(Role.ADMIN, Role.MANAGER),
    "accounts.history_csv": may(Role.ADMIN, Role.MANAGER),
    "accounts.history_xlsx": may(Role.ADMIN, Role.MANAGER),
    "accounts.settings": HOUSE,
    "accounts.stations": ADMINISTRATION,
    "accounts.stations_csv": ADMINISTRATION,
    "accounts.stations_xlsx": ADMINISTRATION,
    "accounts.new_station": ADMINISTRATION,
    "accounts.station": ADMINISTRATION,
    "accounts.departments": HOUSE,
    "accounts.departments_csv": HOUSE,
    "accounts.departments_xlsx": HOUSE,
    "accounts.new_department": HOUSE,
    "accounts.department": HOUSE,
    "accounts.my_notices": may(ALL),
    "accounts.notices_csv": may(ALL),
    "accounts.notices_xlsx": may(ALL),
    "accounts.bell": may(ALL),
    "accounts.see_notice": may(ALL, own_only=True),
    "accounts.unsee_notice": may(ALL, own_only=True),
    "accounts.see_all_notices": may(ALL),
    # roster
    "roster.index": may(ALL),
    "roster.export_csv": may(ALL),
    "roster.export_xlsx": may(ALL),
    "roster.add_shifts": may(DESK),
    "roster.remove_shift": may(DESK),
    "roster.put_back": may(DESK),
    "roster.copy_week": may(DESK),
    "roster.people": may(ALL),
    "roster.plan_presence": may(DESK),
    "roster.people_csv": may(ALL),
    "roster.people_xlsx": may(ALL),
    "roster.set_presence": may(ALL),
    "calendar.index": may(ALL),
    "calendar.export_csv": may(ALL),
    "calendar.export_xlsx": may(ALL),
    "calendar.set_days": may(DESK, Role.ADMIN),
    "calendar.know_year": may(DESK, Role.ADMIN),
    "calendar.take_back": may(DESK, Role.ADMIN),
    "calendar.take_in": may(DESK, Role.ADMIN),
    # clocks
    "clocks.targets": may(Role.DEPUTY, Role.MANAGER, Role.ADMIN),
    "clocks.progress": may(BUSINESS),
    "clocks.of_ticket": may(BUSINESS, scoped=True),
    "clocks.why": may(BUSINESS, scoped=True),
    # customers
    "customers.index": may(BUSINESS),
    "customers.export_csv": may(BUSINESS),
    "customers.export_xlsx": may(BUSINESS),
    "customers.new": may(DESK),
    "customers.edit": may(DESK),
    "customers.new_contact": may(DESK),
    "customers.edit_contact": may(DESK),
    "customers.new_site": may(DESK),
    "customers.edit_site": may(DESK),
    "broadcasts.index": may(DESK),
    "broadcasts.export_csv": may(DESK),
    "broadcasts.export_xlsx": may(DESK),
    "broadcasts.new": may(DESK),
    "broadcasts.send": may(DESK),
    "broadcasts.broadcast": may(DESK),
    "contacts.unmask": may(DESK, FIELD, scoped=True),
    "contacts.merging": may(DESK),
    "contacts.merge": may(DESK),
    "contacts.remove": may(DESK),
    "contacts.restore": may(DESK),
    "projects.index": may(BUSINESS),
    "projects.export_csv": may(BUSINESS),
    "projects.export_xlsx": may(BUSINESS),
    "projects.new": may(DESK),
    "projects.edit": may(DESK),
    "overviews.project": may(BUSINESS, scoped=True),
    # machines
    "models.index": may(ALL),
    "models.export_csv": may(ALL),
    "models.export_xlsx": may(ALL),
    "models.model": may(ALL),
    "models.new": may(DESK),
    "models.edit": may(DESK),
    "moves.move": may(DESK),
    "moves.undo": may(DESK),
    "moves.warranty": may(ALL, scoped=True),
    "monitoring.replace_terminal": may(DESK),
    "machines.index": may(ALL),
    "codes.code": may(ALL, scoped=True),
    "codes.renew": may(DESK),
    "machines.export_csv": may(ALL),
    "machines.export_xlsx": may(ALL),
    "machines.new": may(DESK),
    "machines.edit": may(DESK),
    # monitoring profiles
    **dict.fromkeys((f"profiles.{name}" for name in ("index", "profile", "download", "versions")), may(ALL)),
    **dict.fromkeys((f"profiles.{name}" for name in ("new", "take_in", "text", "restore", "remove")), may(Role.DEPUTY, Role.ADMIN)),
    **dict.fromkeys((f"profiles.{name}" for name in ("general", "add", "entry", "take_out")), may(Role.DEPUTY, Role.ADMIN)),
    # documents
    "documents.index": may(BUSINESS),
    "documents.export_csv": may(BUSINESS),
    "documents.export_xlsx": may(BUSINESS),
    "documents.not_filed": may(BUSINESS),
    "documents.not_filed_csv": may(BUSINESS),
    "documents.not_filed_xlsx": may(BUSINESS),
    "documents.document": may(BUSINESS, scoped=True),
    "documents.file": may(BUSINESS, scoped=True),
    "documents.hand_in": may(DESK, Role.TECHNICIAN, scoped=True),
    "documents.hand_in_for_model": may(DESK),
    "documents.hand_in_for_project": may(DESK),
    "documents.edit": may(DESK, Role.TECHNICIAN, scoped=True),
    "documents.filing": may(DESK, Role.TECHNICIAN, scoped=True),
    "documents.removal": may(DESK, Role.TECHNICIAN, scoped=True),
    "documents.restoration": may(DESK, Role.TECHNICIAN, scoped=True),
    "documents.as_picture": may(DESK),
    "document_requests.index": may(BUSINESS),
    "document_requests.export_csv": may(BUSINESS),
    "document_requests.export_xlsx": may(BUSINESS),
    "document_requests.one": may(BUSINESS, scoped=True),
    "document_requests.ask": may(DESK),
    "document_requests.waiver": may(DESK),
    "document_requests.renewal": may(DESK),
    # machine files
    "machine_files.machine": may(ALL, scoped=True),
    "machine_files.now": may(ALL, scoped=True),
    "machine_files.readings": may(ALL, scoped=True),
    "machine_files.repeats": may(ALL, scoped=True),
    "machine_files.picture": may(ALL, scoped=True),
    "machine_files.qr": may(ALL, scoped=True),
    # imports
    "imports.index": may(DESK, Role.ADMIN),
    "imports.export_csv": may(DESK, Role.ADMIN),
    "imports.export_xlsx": may(DESK, Role.ADMIN),
    "imports.template_csv": may(DESK, Role.ADMIN),
    "imports.template_xlsx": may(DESK, Role.ADMIN),
    "imports.new": may(DESK, Role.ADMIN),
    "imports.run": may(DESK, Role.ADMIN),
    "imports.columns": may(DESK, Role.ADMIN),
    "imports.start": may(DESK, Role.ADMIN),
    "imports.undo": may(DESK, Role.ADMIN),
    "imports.discard": may(DESK, Role.ADMIN),
    "imports.bad_lines_csv": may(DESK, Role.ADMIN),
    "imports.file": may(DESK, Role.ADMIN),
    "paper.view": may(ALL, scoped=True),
    "paper.document": may(ALL, scoped=True),
    "paper.labels": may(ALL),
    "paper.labels_pdf": may(ALL),
    "paper.make_codes": may(DESK),
    # tickets
    "tickets.index": may(BUSINESS),
    "ticket_export.csv": may(BUSINESS),
    "ticket_export.xlsx": may(BUSINESS),
    "work_orders.index": may(BUSINESS),
    "work_orders.export_csv": may(BUSINESS),
    "work_orders.export_xlsx": may(BUSINESS),
    "technicians.index": may(DESK, Role.AREA_MANAGER),
    "technicians.export_csv": may(DESK, Role.AREA_MANAGER),
    "technicians.export_xlsx": may(DESK, Role.AREA_MANAGER),
    "technicians.technician": may(Role.DEPUTY, Role.MANAGER),
    "vehicles.index": may(DESK),
    "vehicles.export_csv": may(DESK),
    "vehicles.export_xlsx": may(DESK),
    "vehicles.vehicle": may(DESK),
    "order_page.order": may(BUSINESS, scoped=True),
    "order_page.bind": may(DESK),
    "new_order.new": may(DESK),
    "new_order.suggested": may(DESK),
    "dispatch_sheets.sheet": may(BUSINESS, scoped=True),
    "dispatch_sheets.document": may(BUSINESS, scoped=True),
    # dispatch
    "dispatching.index": may(BUSINESS),
    "dispatching.ticket": may(DESK),
    "dispatching.order": may(DESK),
    "dispatching.suggestion": may(DESK),
    "dispatching.dispatched": may(DESK),
    "redispatching.reassignment": may(DESK),
    "redispatching.ratification": may(DESK),
    "redispatching.acceptance": may(Role.DEPUTY, Role.MANAGER),
    "redispatching.parts_received": may(DESK),
    "redispatching.cancellation": may(DESK),
    "redispatching.override": may(DESK),
    "redispatching.next_visit": may(DESK),
    "redispatching.propose": may(Role.AREA_MANAGER, scoped=True),
    "redispatching.decision": may(Role.DEPUTY, Role.MANAGER),
    "gate_overrides.index": may(DESK),
    "gate_overrides.export_csv": may(DESK),
    "gate_overrides.export_xlsx": may(DESK),
    "gate_overrides.reading": may(DESK),
    "intake.new": may(DESK, FIELD),
    "intake.create": may(DESK, FIELD),
    "intake.matches": may(DESK, FIELD),
    "intake.shown_card": may(DESK, FIELD),
    "intake.join": may(DESK, FIELD, scoped=True),
    "intake.keep": may(DESK, FIELD),
    "intake.index": may(DESK, FIELD),
    "intake.discard": may(DESK, FIELD, own_only=True),
    "intake.take_back": may(DESK, FIELD, own_only=True),
    "intake.hand_in": may(DESK, FIELD),
    "intake.file": may(DESK, FIELD, own_only=True),
    "intake.remove_file": may(DESK, FIELD, own_only=True),
    "desk.ticket": may(BUSINESS, scoped=True),
    "desk.timeline": may(BUSINESS, scoped=True),
    "desk.printed": may(BUSINESS, scoped=True),
    "desk.notes": may(BUSINESS, scoped=True),
    "attachments.gallery": may(BUSINESS, scoped=True),
    "attachments.attach": may(BUSINESS, scoped=True),
    "attachments.send": may(BUSINESS, scoped=True),
    "attachments.view": may(BUSINESS, scoped=True),
    "attachments.describe": may(BUSINESS, scoped=True),
    "attachments.remove": may(BUSINESS, scoped=True),
    "attachments.restore": may(BUSINESS, scoped=True),
    "scanned.scan": PUBLIC,
    "scanned.report": PUBLIC,
    "scanned.join": PUBLIC,
    "scanned.follow": PUBLIC,
    "scanned.add": PUBLIC,
    "scanned.urge": PUBLIC,
    "desk.edit": may(DESK),
    "search.index": may(ALL),
    "overviews.customer": may(BUSINESS, scoped=True),
    "desk.change": may(DESK),
    "desk.state": may(DESK),
    "desk.undo": may(DESK),
    "ticket_work.verification": may(DESK),
    "ticket_work.urge": may(DESK, FIELD, scoped=True),
    "ticket_work.watch": may(BUSINESS, scoped=True),
    "ticket_work.merge": may(DESK),
    "ticket_work.unmerge": may(DESK),
    "ticket_work.split": may(DESK),
    "storm_tickets.answer": may(DESK),
    "storm_tickets.undo": may(DESK),
    "storm_tickets.untie": may(DESK),
    "ticket_work.people": may(BUSINESS, scoped=True),
    "ticket_work.hotline_record": may(BUSINESS, scoped=True),
    "hotline.index": may(BUSINESS),
    "hotline.export_csv": may(BUSINESS),
    "hotline.export_xlsx": may(BUSINESS),
    "hotline.sign": may(Role.DEPUTY),
    "hotline.sign_shown": may(Role.DEPUTY),
    # complaints and work slips
    "complaints.index": may(BUSINESS),
    "complaints.export_csv": may(BUSINESS),
    "complaints.export_xlsx": may(BUSINESS),
    "complaints.complaint": may(BUSINESS, scoped=True),
    "complaints.printed": may(BUSINESS, scoped=True),
    "complaints.assign": may(DESK),
    "complaints.answer": may(BUSINESS, scoped=True),
    "complaints.assess": may(DESK),
    "complaints.finish_measure": may(BUSINESS, scoped=True),
    # the technician's jobs
    **{f"own_reports.{name}": may(Role.TECHNICIAN) for name in ("day", "send_day", "month", "send_month")},
    **{f"technician_reports.{name}": may(DESK, Role.AREA_MANAGER) for name in ("index", "export_csv", "export_xlsx", "remind")},
    "technician_reports.report": may(DESK, Role.AREA_MANAGER, scoped=True),
    "own_calls.new": may(Role.TECHNICIAN),
    "guidance.index": may(BUSINESS),
    "guidance.give": may(Role.DEPUTY, Role.MANAGER),
    "guidance.printed": may(BUSINESS, scoped=True),
    "jobs.index": may(Role.TECHNICIAN),
    **{
        f"jobs.{name}": may(Role.TECHNICIAN, scoped=True)
        for name in (
            "job",
            "accept",
            "refuse",
            "depart",
            "arrive",
            "wait_for_parts",
            "come_again",
            "finish",
            "enter_times",
            "begin_repair",
            "ask_for_help",
            "take_back_finish",
        )
    },
    "warranty.proof": may(ALL, scoped=True),
    "warranty.printed": may(ALL, scoped=True),
    "warranty.extend": may(Role.DEPUTY, Role.MANAGER),
    "warranty.revoke": may(Role.DEPUTY, Role.MANAGER),
    "warranty.of_order": may(BUSINESS, scoped=True),
    "warranty.rule": may(Role.DEPUTY, Role.MANAGER),
    "returns.index": may(BUSINESS),
    "returns.export_csv": may(BUSINESS),
    "returns.export_xlsx": may(BUSINESS),
    "returns.ageing": may(BUSINESS),
    "return_openings.new": may(DESK),
    "returns.returned": may(BUSINESS, scoped=True),
    "returns.printed": may(BUSINESS, scoped=True),
    "returns.tag": may(DESK, Role.TECHNICIAN, scoped=True),
    "returns.send": may(DESK, Role.TECHNICIAN, scoped=True),
    "returns.receive": may(Role.CLERK, Role.DEPUTY, Role.QUALITY),
    "returns.waive": may(Role.DEPUTY, Role.MANAGER),
    **{
        f"nonconformities.{name}": may(DESK, Role.QUALITY)
        for name in ("index", "export_csv", "export_xlsx", "report", "photo", "printed", "document")
    },
    **dict.fromkeys(("nonconformities.prepare", "nonconformities.revise"), may(Role.CLERK)),
    "nonconformities.submit": may(Role.MANAGER),
    "nonconformities.decide": may(Role.QUALITY),
    "nonconformities.close": may(Role.QUALITY),
    "eight_d.begin": may(Role.QUALITY),
    "eight_d.write": may(Role.QUALITY),
    **{f"eight_d.{name}": may(DESK, Role.QUALITY) for name in ("report", "printed", "statistics", "statistics_csv", "statistics_xlsx")},
    "my_returns.index": may(Role.TECHNICIAN),
    "my_returns.tags": may(Role.TECHNICIAN),
    "my_returns.act": may(Role.TECHNICIAN),
    "work_slips.index": may(BUSINESS),
    "work_slips.export_csv": may(BUSINESS),
    "work_slips.export_xlsx": may(BUSINESS),
    "work_slips.new": may(DESK),
    "work_slips.slip": may(BUSINESS, scoped=True),
    "work_slips.printed": may(BUSINESS, scoped=True),
    "work_slips.answer": may(DESK),
    "work_slips.withdraw": may(DESK),
    "return_visits.index": may(DESK, Role.AREA_MANAGER),
    "return_visits.export_csv": may(DESK, Role.AREA_MANAGER),
    "return_visits.export_xlsx": may(DESK, Role.AREA_MANAGER),
    "return_visits.printed_plan": may(DESK, Role.AREA_MANAGER),
    "return_visits.draw": may(DESK),
    "return_visits.proof": may(DESK, Role.AREA_MANAGER, scoped=True),
    "return_visits.proof_csv": may(DESK, Role.AREA_MANAGER, scoped=True),
    "return_visits.visit": may(DESK, Role.AREA_MANAGER, scoped=True),
    "return_visits.printed": may(DESK, Role.AREA_MANAGER, scoped=True),
    "return_visits.record": may(DESK, Role.AREA_MANAGER, scoped=True),
    "return_visits.swap": may(DESK, Role.AREA_MANAGER, scoped=True),
    "return_visits.release": may(DESK, Role.AREA_MANAGER, scoped=True),
    # supply
    "supply.offered": may(BUSINESS),
    "unsettled.index": may(DESK),
    "unsettled.export_csv": may(DESK),
    "unsettled.export_xlsx": may(DESK),
    "unsettled.settle": may(DESK),
    "requisitions.index": may(DESK, Role.TECHNICIAN),
    "requisitions.export_csv": may(DESK, Role.TECHNICIAN),
    "requisitions.export_xlsx": may(DESK, Role.TECHNICIAN),
    "requisitions.new": may(DESK, Role.TECHNICIAN),
    "requisitions.of_job": may(Role.TECHNICIAN, own_only=True),
    "requisitions.requisition": may(DESK, Role.TECHNICIAN, own_only=True, also=DESK),
    "requisitions.printed": may(DESK, Role.TECHNICIAN, own_only=True, also=DESK),
    "requisitions.approve": may(Role.DEPUTY, Role.MANAGER),
    "requisitions.reject": may(Role.DEPUTY, Role.MANAGER),
    "requisitions.issue": may(Role.CLERK, Role.DEPUTY),
    "requisitions.give_back": may(Role.CLERK, Role.DEPUTY),
    "requisitions.withdraw": may(DESK, Role.TECHNICIAN, own_only=True, also=DESK),
    **{
        f"purchases.{name}": may(DESK)
        for name in (
            "index",
            "export_csv",
            "export_xlsx",
            "new",
            "edit",
            "purchase",
            "printed",
            "send",
            "receive",
            "end",
            "cancel",
        )
    },
    **{f"shipments.{name}": may(DESK) for name in ("index", "export_csv", "export_xlsx", "new", "shipment", "printed", "receive")},
    **{
        f"parts_orders.{name}": may(DESK)
        for name in (
            "index",
            "export_csv",
            "export_xlsx",
            "new",
            "edit",
            "customers_offered",
            "parts_order",
            "printed",
            "document",
            "release",
            "cancel",
        )
    },
    "parts_orders.approve_credit": may(Role.MANAGER),
    # call-backs; signing and reading are also for whoever has the authority, so the view asks for the list and the rule refuses the others
    "call_backs.index": CALL_BACKS,
    "call_backs.export_csv": CALL_BACKS,
    "call_backs.export_xlsx": CALL_BACKS,
    "call_backs.sign_shown": CALL_BACKS,
    "call_backs.read_shown": CALL_BACKS,
    "calls.new": may(Role.CLERK),
    "calls.note_try": may(Role.CLERK),
    "calls.edit": may(Role.CLERK),
    "call_back_records.call_back": may(DESK, Role.AREA_MANAGER, scoped=True),
    "call_back_records.sign": may(DESK, Role.AREA_MANAGER, scoped=True),
    "call_back_records.read": may(DESK, Role.AREA_MANAGER, scoped=True),
    "call_back_records.printed": may(DESK, Role.AREA_MANAGER, scoped=True),
    "call_back_records.document": may(DESK, Role.AREA_MANAGER, scoped=True),
    "follow_ups.index": may(DESK, FIELD),
    "follow_ups.export_csv": may(DESK, FIELD),
    "follow_ups.export_xlsx": may(DESK, FIELD),
    "follow_ups.finish": may(DESK, FIELD, scoped=True),
    "call_back_month.view": CALL_BACKS,
    "call_back_month.printed": CALL_BACKS,
    "call_back_month.export_csv": CALL_BACKS,
    "call_back_month.export_xlsx": CALL_BACKS,
    "call_back_month.dispatches": CALL_BACKS,
    "call_back_month.dispatches_csv": CALL_BACKS,
    "call_back_month.dispatches_xlsx": CALL_BACKS,
    # contracts
    "contracts.index": may(DESK, FIELD),
    "contracts.export_csv": may(DESK, FIELD),
    "contracts.export_xlsx": may(DESK, FIELD),
    "contracts.new": may(DESK, Role.TECHNICIAN),
    "contracts.contract": may(DESK, FIELD, scoped=True),
    "contracts.edit": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_steps.submit": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_steps.take_back": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_steps.complete": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_steps.void": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_steps.sign_on_paper": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_steps.signature": may(DESK, Role.TECHNICIAN, scoped=True),
    "contract_paper.view": may(DESK, FIELD, scoped=True),
    "contract_paper.document": may(DESK, FIELD, scoped=True),
    "contract_paper.scan": may(DESK, FIELD, scoped=True),
    "job_contract.job_contract": may(Role.TECHNICIAN, scoped=True),
    "job_contract.write": may(Role.TECHNICIAN, scoped=True),
    "job_contract.take_back": may(Role.TECHNICIAN, scoped=True),
    "contract_templates.index": HOUSE,
    "contract_templates.new": HOUSE,
    "contract_templates.edit": HOUSE,
    "tax_rates.index": HOUSE,
    "tax_rates.remove": HOUSE,
    "approvals.index": may(DESK, FIELD),
    "approvals.decide": may(DESK, FIELD, scoped=True),
    # service reports
    "report_writing.report": may(Role.TECHNICIAN, scoped=True),
    "report_writing.remove_photo": may(Role.TECHNICIAN, scoped=True),
    "report_signing.signature": may(Role.TECHNICIAN, scoped=True),
    "report_signing.link": may(Role.TECHNICIAN, scoped=True),
    "signing_link.sign": PUBLIC,
    "signing_link.photo": PUBLIC,
    "invoices.index": may(*MONEY_READ),
    "invoices.export_csv": may(*MONEY_READ),
    "invoices.export_xlsx": may(*MONEY_READ),
    "invoices.printed": may(*MONEY_READ),
    "invoices.new": may(*INVOICES_EDIT),
    "invoices.edit": may(*INVOICES_EDIT, scoped=True),
    "invoices.red": may(*INVOICES_EDIT, scoped=True),
    "invoices.invoice": may(*MONEY_READ, scoped=True),
    "invoices.void": may(*INVOICES_EDIT, scoped=True),
    "invoices.add_files": may(*INVOICES_EDIT, scoped=True),
    "invoices.file": may(*MONEY_READ, scoped=True),
    **{
        f"uninvoiced.{name}": may(*MONEY_READ) for name in ("jobs", "jobs_csv", "jobs_xlsx", "shipments", "shipments_csv", "shipments_xlsx")
    },
    "billing_details.at_the_desk": may(Role.CLERK, Role.TECHNICIAN, Role.MANAGER, scoped=True),
    "billing_details.on_the_job": may(Role.CLERK, Role.TECHNICIAN, Role.MANAGER, own_only=True),
    "own_invoices.index": may(Role.CLERK, Role.TECHNICIAN, Role.MANAGER),
    "own_invoices.hand_over": may(Role.CLERK, Role.TECHNICIAN, Role.MANAGER, scoped=True),
    "invoice_deliveries.index": may(*MONEY_READ),
    "invoice_deliveries.export_csv": may(*MONEY_READ),
    "invoice_deliveries.export_xlsx": may(*MONEY_READ),
    "invoice_deliveries.send": may(*INVOICES_EDIT, scoped=True),
    "invoice_deliveries.confirm": may(*INVOICES_EDIT, scoped=True),
    "service_reports.index": may(BUSINESS),
    "service_reports.export_csv": may(BUSINESS),
    "service_reports.export_xlsx": may(BUSINESS),
    "service_reports.missing": may(BUSINESS),
    "service_reports.missing_csv": may(BUSINESS),
    "service_reports.missing_xlsx": may(BUSINESS),
    "service_reports.remind": may(DESK),
    "service_reports.file_paper": may(Role.CLERK),
    "service_reports.report": may(BUSINESS, scoped=True),
    "service_reports.photo": may(BUSINESS, scoped=True),
    "service_reports.file": may(Role.CLERK),
    "report_amendments.amend": may(Role.TECHNICIAN, Role.DEPUTY, scoped=True),
    "report_paper.view": may(BUSINESS, scoped=True),
    "report_paper.document": may(BUSINESS, scoped=True),
    # payments
    "receivables.index": MONEY,
    "receivables.export_csv": MONEY,
    "receivables.export_xlsx": MONEY,
    "receivables.summary": MONEY,
    "receivables.summary_csv": MONEY,
    "receivables.summary_xlsx": MONEY,
    "receivables.receivable": may(DESK, FIELD, scoped=True),
    "receivables.write_off": may(Role.MANAGER),
    "receivables.set_apart": BOOKS,
    "receivables.account": may(DESK, FIELD, scoped=True),
    "receivables.account_csv": may(DESK, FIELD, scoped=True),
    "receivables.account_xlsx": may(DESK, FIELD, scoped=True),
    "cash.index": MONEY,
    "cash.settle": BOOKS,
    "cash.check": MONEY,
    "cash.check_csv": MONEY,
    "cash.check_xlsx": MONEY,
    "cash.note_owed": BOOKS,
    "cash.take": may(Role.TECHNICIAN, scoped=True),
    "bank.index": BOOKS,
    "bank.take_in": BOOKS,
    "payments.index": MONEY,
    "payments.export_csv": MONEY,
    "payments.export_xlsx": MONEY,
    "payments.new": BOOKS,
    "payments.payment": may(DESK, FIELD, scoped=True),
    "payments.receipt": may(DESK, FIELD, scoped=True),
    "payments.proof": may(DESK, FIELD, scoped=True),
    "payments.allocate": BOOKS,
    "payments.release": BOOKS,
    "payments.confirm": may(Role.CLERK),
    "payments.void": BOOKS,
    # mail
    "mail.index": may(DESK),
    "mail.export_csv": may(DESK),
    "mail.export_xlsx": may(DESK),
    "mail.mail": may(DESK),
    "mail.file": may(DESK),
    "mail.add_to_ticket": may(DESK),
    "mail.dismiss": may(DESK),
    "mail.take_back": may(DESK),
    "message_choices.own": may(ALL),
    "outgoing.index": may(Role.DEPUTY, Role.MANAGER, Role.ADMIN),
    "outgoing.export_csv": may(Role.DEPUTY, Role.MANAGER, Role.ADMIN),
    "outgoing.export_xlsx": may(Role.DEPUTY, Role.MANAGER, Role.ADMIN),
    "outgoing.retry": may(Role.DEPUTY, Role.MANAGER, Role.ADMIN),
    # dunning
    "dunning.index": may(*MONEY_READ),
    "dunning.export_csv": may(*MONEY_READ),
    "dunning.export_xlsx": may(*MONEY_READ),
    "dunning.customer": may(*MONEY_READ, scoped=True),
    "dunning.demand": may(*DUNNING, scoped=True),
    "dunning.preview": may(*DUNNING, scoped=True),
    "dunning.send_letter": may(*DUNNING, scoped=True),
    "dunning_registers.records": may(*MONEY_READ),
    "dunning_registers.records_csv": may(*MONEY_READ),
    "dunning_registers.records_xlsx": may(*MONEY_READ),
    "dunning_registers.letter": may(*MONEY_READ, scoped=True),
    "dunning_registers.steps": may(*MONEY_READ),
    "dunning_registers.new_step": may(Role.MANAGER),
    "dunning_registers.step": may(Role.MANAGER),
    "dunning_registers.remove_step": may(Role.MANAGER),
    "dunning_registers.service_stops": may(*MONEY_READ),
    "dunning_registers.stops_csv": may(*MONEY_READ),
    "dunning_registers.stops_xlsx": may(*MONEY_READ),
    "dunning_registers.stop": may(Role.MANAGER),
    "dunning_registers.lift": may(Role.MANAGER),
    "statements.index": may(*INVOICES_EDIT),
    "statements.export_csv": may(*INVOICES_EDIT),
    "statements.export_xlsx": may(*INVOICES_EDIT),
    "statements.document": may(*INVOICES_EDIT),
    "statements.send": may(*INVOICES_EDIT),
    "costs.index": may(DESK),
    "costs.export_csv": may(DESK),
    "costs.export_xlsx": may(DESK),
    "costs.order": may(DESK),
    "costs.compute": may(DESK),
    "costs.remove": may(DESK),
    "profit.index": may(Role.MANAGER),
    "profit.export_csv": may(Role.MANAGER),
    "profit.export_xlsx": may(Role.MANAGER),
    "profit.rates": may(*MONEY_READ),
    "profit.rates_csv": may(*MONEY_READ),
    "profit.rates_xlsx": may(*MONEY_READ),
    # monitoring
    "monitoring.board": may(ALL),
    **{f"quality_reports.{name}": may(DESK, Role.QUALITY) for name in ("index", "report", "export_xlsx", "printed", "pdf")},
    **{f"quality_reports.{name}": may(Role.CLERK, Role.DEPUTY) for name in ("make", "correct", "freeze", "refresh")},
    "alarm_figures.view": may(ALL),
    "alarm_figures.printed": may(ALL),
    "alarm_figures.export_csv": may(ALL),
    "alarm_figures.export_xlsx": may(ALL),
    "informing.index": may(ALL),
    "informing.export_csv": may(ALL),
    "informing.export_xlsx": may(ALL),
    "informing.tell": may(DESK),
    "informing.take_back": may(DESK),
    "shifts.index": may(DESK),
    "shifts.export_csv": may(DESK),
    "shifts.export_xlsx": may(DESK),
    "shifts.sign_on": may(Role.CLERK, Role.DEPUTY),
    "shifts.shift": may(DESK),
    "shifts.note": may(Role.CLERK, Role.DEPUTY),
    "shifts.end": may(Role.CLERK, Role.DEPUTY),
    "shifts.take_over": may(Role.CLERK, Role.DEPUTY),
    "shifts.printed": may(DESK),
    "monitoring.silent": may(ALL),
    "monitoring.silent_csv": may(ALL),
    "monitoring.silent_xlsx": may(ALL),
    "monitoring.acknowledge_outage": may(DESK),
    "monitoring.faults": may(ALL),
    "monitoring.faults_csv": may(ALL),
    "monitoring.faults_xlsx": may(ALL),
    "monitoring.floods": may(DESK),
    "monitoring.floods_csv": may(DESK),
    "monitoring.floods_xlsx": may(DESK),
    "monitoring.machine": may(ALL, scoped=True),
    "monitoring.machine_readings": may(ALL, scoped=True),
    "monitoring.machine_readings_csv": may(ALL, scoped=True),
    "monitoring.acknowledge": may(DESK),
    "monitoring.acknowledge_chosen": may(DESK),
    "monitoring.alarm_ticket": may(DESK),
    "monitoring.code_note": may(DESK),
    "monitoring.reset": may(DESK),
    "monitoring.shelve": may(DESK),
    "monitoring.unshelve": may(DESK),
    "monitoring.feed_health": FEED,
    "monitoring.gaps": FEED,
    "monitoring.contract": FEED,
    "monitoring.contract_file": FEED,
    "monitoring.note_gap": REGISTER,
    "monitoring.rejected": FEED,
    "monitoring.rejected_message": FEED,
    "monitoring.quarantine": FEED,
    "monitoring.registration": REGISTER,
    "monitoring.register": REGISTER,
    "monitoring.credentials": CREDENTIALS,
    "monitoring.create_credential": CREDENTIALS,
    "monitoring.rotate_credential": CREDENTIALS,
    "monitoring.revoke_credential": CREDENTIALS,
    # parts and stores
    "parts.index": may(BUSINESS),
    "parts.export_csv": may(BUSINESS),
    "parts.export_xlsx": may(BUSINESS),
    "parts.part": may(BUSINESS),
    "parts.new": may(DESK),
    "parts.edit": may(DESK),
    "suppliers.index": may(DESK),
    "suppliers.export_csv": may(DESK),
    "suppliers.export_xlsx": may(DESK),
    "suppliers.new": may(DESK),
    "suppliers.edit": may(DESK),
    "stock.index": may(BUSINESS),
    "stock.export_csv": may(BUSINESS),
    "stock.export_xlsx": may(BUSINESS),
    "stock.stores": may(BUSINESS),
    "stock.store": may(BUSINESS, scoped=True),
    "stock.make_van": may(DESK),
    "stock.move": may(DESK),
    "stock.minimum": may(DESK),
    "stock.movements": may(BUSINESS),
    "stock.movements_csv": may(BUSINESS),
    "stock.movements_xlsx": may(BUSINESS),
    "stock.my_van": may(Role.TECHNICIAN),
    **dict.fromkeys((f"counts.{name}" for name in ("index", "export_csv", "export_xlsx", "new", "count", "enter", "again")), may(DESK)),
    **dict.fromkeys((f"counts.{name}" for name in ("sheet", "sheet_xlsx", "take_in")), may(DESK)),
    "counts.decide": may(Role.DEPUTY, Role.MANAGER),
}


@dataclass(frozen=True, slots=True)
class Side:
    """What stands in one area."""

    area: Area
    technician: User
    token: str
    customer: Customer
    site: Site
    contact: Contact
    profile: DeviceProfile
    machine: Machine
    ticket: Ticket
    attachment: TicketAttachment
    alarm: Alarm
    episode: Episode
    rejected: RejectedMessage
    gap: Gap
    waiting_device: str
    document: Document
    request: DocumentRequest
    project: Project
    imported: ImportRun


def _outage_since(at: datetime) -> FeedOutage:
    """An outage that is over: only one can run."""
    return FeedOutage.get_or_create(from_at=at, defaults={"noticed_at": at, "ended_at": at})[0]


def _draft_id(side: Side) -> str:
    return f"draft-of-user-{side.technician.id:06}"


def _draft_file_id(side: Side) -> int:
    return int(IntakeDraftFile.get(IntakeDraftFile.draft == _draft_id(side)).id)


def _out(side: Side) -> WorkOrder:
    return WorkOrder.get(WorkOrder.lead == side.technician, WorkOrder.is_out)


def _report(side: Side) -> ServiceReport:
    return ServiceReport.get(ServiceReport.by == side.technician, ServiceReport.signed_at.is_null(False))


def _van(side: Side) -> StockPlace:
    return StockPlace.get(StockPlace.keeper == side.technician)


def _nonconformity(side: Side) -> Nonconformity:
    return Nonconformity.get(Nonconformity.returned == DefectiveReturn.get(DefectiveReturn.technician == side.technician))


VALUES: dict[str, Callable[[Side], Any]] = {
    "dunning_registers.letter:record_id": lambda side: DunningRecord.get(DunningRecord.customer == side.customer).id,
    "cost_id": lambda side: JobCost.get(JobCost.order == WorkOrder.get(WorkOrder.lead == side.technician, ~WorkOrder.is_out)).id,
    "step_id": lambda side: DunningStep.get(DunningStep.days == -7).id,
    "year": lambda side: 2027,
    "report_id": lambda side: QualityReport.get().id,
    "log_id": lambda side: ShiftLog.get(ShiftLog.user == side.technician).id,
    "monitoring.contract_file:name": lambda side: "device.py",
    "entry_id": lambda side: HistoryEntry.get(HistoryEntry.object_type == "calendar").id,
    "shift_id": lambda side: DutyShift.get(DutyShift.user == side.technician).id,
    "roster.put_back:entry_id": lambda side: HistoryEntry.get(HistoryEntry.action == "shift.removed").id,
    "clock_id": lambda side: TicketClock.get(TicketClock.ticket == side.ticket).id,
    "notice_id": lambda side: Notice.get(Notice.user == side.technician).id,
    "filename": lambda side: "icons/sprite.svg",
    "assets.send:name": lambda side: "app.css",
    "digest": lambda side: "unknown",
    "layout": lambda side: "tablet",
    "session_id": lambda side: sessions.session_id(side.token),
    "user_id": lambda side: side.technician.id,
    "area_id": lambda side: side.area.id,
    "station_id": lambda side: Station.get(Station.area == side.area).id,
    "department_id": lambda side: Department.get().id,
    "customer_id": lambda side: side.customer.id,
    "site_id": lambda side: side.site.id,
    "contact_id": lambda side: side.contact.id,
    "serial": lambda side: side.machine.serial,
    "device": lambda side: side.machine.device,
    "monitoring.registration:device": lambda side: side.waiting_device,
    "monitoring.register:device": lambda side: side.waiting_device,
    "name": lambda side: side.profile.name,
    "part": lambda side: "codes",
    "entry": lambda side: next(iter(editing.read(side.profile.document)["codes"])),
    "profiles.restore:number": lambda side: DeviceProfileVersion.get(DeviceProfileVersion.profile == side.profile).version,
    "number": lambda side: side.ticket.number,
    "kind": lambda side: "machines",
    "run_id": lambda side: side.imported.id,
    "attachment_id": lambda side: side.attachment.id,
    **{
        f"complaints.{name}:number": lambda side: Complaint.get(Complaint.responsible == side.technician).ticket.number
        for name in ("complaint", "printed", "assign", "answer", "assess", "finish_measure")
    },
    **{
        f"work_slips.{name}:number": lambda side: WorkSlip.get(WorkSlip.ticket == side.ticket).number
        for name in ("slip", "printed", "answer", "withdraw")
    },
    "mail_id": lambda side: InboundMail.get(InboundMail.ticket == side.ticket).id,
    "row_id": lambda side: InboundMail.get(InboundMail.ticket == side.ticket).files.get().id,
    "outgoing.retry:message_id": lambda side: OutboxMessage.get(OutboxMessage.tries == side.area.id).id,
    "token": lambda side: side.machine.qr_token,
    **{f"scanned.{name}:token": (lambda side: side.ticket.follow_token) for name in ("follow", "add", "urge")},
    "record_id": lambda side: HotlineRecord.get(HotlineRecord.ticket == side.ticket).id,
    "alarm_id": lambda side: side.alarm.id,
    "telling_id": lambda side: CustomerTelling.get(CustomerTelling.machine == side.machine).id,
    "episode_id": lambda side: side.episode.id,
    "message_id": lambda side: side.rejected.id,
    "gap_id": lambda side: side.gap.id,
    "outage_id": lambda side: _outage_since(side.gap.from_at).id,
    "draft_id": _draft_id,
    "intake.file:file_id": _draft_file_id,
    "intake.remove_file:file_id": _draft_file_id,
    "document_id": lambda side: side.document.id,
    "request_id": lambda side: side.request.id,
    "model_id": lambda side: side.machine.model_id,
    "broadcast_id": lambda side: BroadcastMessage.get().id,
    "project_id": lambda side: side.project.id,
    "authority_id": lambda side: Authority.get(Authority.permission == "call_backs.sign").id,
    "draw_id": lambda side: VisitDraw.get(VisitDraw.area == side.area).id,
    "return_visit_id": lambda side: ReturnVisit.get(ReturnVisit.area == side.area).id,
    "technician_report_id": lambda side: TechnicianReport.get(TechnicianReport.user == side.technician).id,
    "order_number": lambda side: WorkOrder.get(WorkOrder.lead == side.technician, WorkOrder.is_out).number,
    "requisition_number": lambda side: Requisition.get(Requisition.technician == side.technician).number,
    "purchase_number": lambda side: PurchaseRequest.get(PurchaseRequest.order == _out(side)).number,
    "parts_order_number": lambda side: PartsOrder.get(PartsOrder.customer == side.customer).number,
    "shipment_number": lambda side: Shipment.get(Shipment.customer == side.customer).number,
    "proposal_id": lambda side: Proposal.get(Proposal.order == WorkOrder.get(WorkOrder.lead == side.technician, WorkOrder.is_out)).id,
    "override_id": lambda side: (
        GateOverride.get(GateOverride.order == WorkOrder.get(WorkOrder.lead == side.technician, WorkOrder.is_out)).id
    ),
    "done_order_number": lambda side: WorkOrder.get(WorkOrder.lead == side.technician, ~WorkOrder.is_out).number,
    "call_back_id": lambda side: CallBack.get(CallBack.follow_up_owner == side.technician).id,
    "report_number": lambda side: _report(side).number,
    "extension_id": lambda side: WarrantyExtension.get(WarrantyExtension.machine == side.machine).id,
    "return_number": lambda side: DefectiveReturn.get(DefectiveReturn.technician == side.technician).number,
    "nonconformity_number": lambda side: _nonconformity(side).number,
    "nonconformities.photo:photo_id": lambda side: _nonconformity(side).photos.get().id,
    "photo_id": lambda side: _report(side).photos.get().id,
    **{f"signing_link.{name}:token": (lambda side: _report(side).sign_token) for name in ("sign", "photo")},
    "invoice_id": lambda side: Invoice.get(Invoice.customer == side.customer).id,
    "invoices.file:file_id": lambda side: Invoice.get(Invoice.customer == side.customer).files.get().id,
    "payment_number": lambda side: Payment.get(Payment.customer == side.customer).number,
    "allocation_id": lambda side: Allocation.get(Allocation.payment == Payment.get(Payment.customer == side.customer)).id,
    "receivable_id": lambda side: Receivable.get(Receivable.customer == side.customer).id,
    "rate_id": lambda side: TaxRate.select().order_by(TaxRate.id).get().id,
    "template_id": lambda side: ContractTemplate.select().order_by(ContractTemplate.id.desc()).get().id,
    "contract_number": lambda side: Contract.get(Contract.author == side.technician).number,
    "vehicle_id": lambda side: Vehicle.get(Vehicle.area == side.area).id,
    "part_number": lambda side: StockBalance.get(StockBalance.place == _van(side)).part.number,
    "place_id": lambda side: _van(side).id,
    "count_number": lambda side: StockCount.get(StockCount.place == _van(side)).number,
    "supplier_id": lambda side: Supplier.get().id,
    "move_id": lambda side: side.machine.id,  # none is there: it cannot be taken back any more
}
# Addresses that lead nowhere by intent: what they answer to those who may ask.
NOWHERE = {"assets.send": 404}
# These look like their list to whoever may list, and refuse those who neither hold the right nor were given the authority.
NOWHERE |= dict.fromkeys(
    (
        "redispatching.ratification", "redispatching.override",
        "gate_overrides.index", "gate_overrides.export_csv", "gate_overrides.export_xlsx", "gate_overrides.reading",
    ),
    403,
)  # fmt: skip
NOWHERE |= dict.fromkeys(("call_backs.sign_shown", "call_backs.read_shown", "call_back_records.sign", "call_back_records.read"), 403)
NOWHERE |= dict.fromkeys(("approvals.index", "approvals.decide"), 403)  # only who approves, by own right or in somebody's place
NOWHERE["contract_paper.scan"] = 404  # it was signed on a tablet
NOWHERE["contract_steps.void"] = 403  # what was approved only who approves makes void
NOWHERE["requisitions.withdraw"] = 403  # by who asked for the parts, or who decides
NOWHERE["calls.edit"] = 403  # a record is corrected by who made it


def values_for(endpoint: str, names: set[str], side: Side) -> dict[str, Any]:
    """The parts ``names`` of the address of ``endpoint`` on ``side``."""
    return {name: VALUES.get(f"{endpoint}:{name}", VALUES.get(name, _missing(name)))(side) for name in names}


def _missing(name: str) -> Callable[[Side], Any]:
    def refuse(_side: Side) -> Any:
        raise AssertionError(f"tests/conventions/access.py: VALUES has no line for <{name}>")

    return refuse


@dataclass(frozen=True, slots=True)
class World:
    """Everybody, and the same things in the north and in the south."""

    people: People
    north: Side
    south: Side


def make_world() -> World:
    """Write the world of the matrix."""
    everybody = people()
    for technician in (everybody.li, everybody.wang):
        factories.draft_file(id=f"draft-of-user-{technician.id:06}", user=technician)
    factories.authority(everybody.zhao, everybody.chen)
    return World(everybody, _side(everybody.north, everybody.li), _side(everybody.south, everybody.wang))


def _side(area: Area, technician: User) -> Side:
    now = clock.now()
    customer = factories.customer(area=area)
    site = factories.site(customer=customer)
    profile = factories.written_profile()
    machine = factories.machine(customer=customer, site=site, profile=profile, area=area)
    ticket = factories.ticket(machine=machine, follow_token=f"follow-{area.id}")
    factories.complaint(ticket=factories.ticket(machine=machine, kind=TicketKind.COMPLAINT), responsible=technician)
    factories.work_slip(ticket=ticket)
    factories.inbound_mail(ticket=ticket)
    factories.vehicle(area=area)
    money_factories.stock_count(money_factories.van(technician))
    factories.failed_message(tries=area.id)
    attachment = factories.attachment(ticket=ticket)
    with db.transaction():
        BroadcastMessage.create(subject="s", text="t", recipients=1, sent_at=now, by_name="somebody")
        Station.create(name=f"Station {area.id}", area=area)
        Department.get_or_create(name="Quality", email="quality@example.com")
        Supplier.get_or_create(name="Supplier")
        ContractTemplate.get_or_create(kind="repair", name="T", defaults={"text": "T"})
        token = sessions.open_session(technician, SessionKind.TABLET, "127.0.0.1", "another device", now)
        alarm = Alarm.create(
            machine=machine, code="E04", condition=Condition.ACTIVE, is_acknowledged=False, severity=Priority.HIGH, last_event_at=now
        )
        HotlineRecord.create(ticket=ticket, called_at=now, taken_by_name="Chen")
        episode = Episode.create(
            alarm=alarm, machine=machine, code="E04", severity=Priority.HIGH, started_at=now, last_raised_at=now, ticket=ticket
        )
        CustomerTelling.create(episode=episode, machine=machine, customer=customer, at=now)
        rejected = RejectedMessage.create(
            topic="evc/x/telemetry", payload=b"{", size=1, sha256=b"\0" * 32, reason="not_json", received_at=now
        )
        gap = Gap.create(from_at=now, to_at=now)
        terminal = Terminal.create(device=machine.device, first_seen_at=now, last_received_at=now, last_seen_at=now)
        Reading.insert(position=area.id, terminal=terminal, at=now, received_at=now, metrics='{"oil_temperature":50.5}').execute()
        waiting = f"WAITING{area.id}"
        key = bytes.fromhex(digest(waiting))[:16]
        QuarantinedMessage.create(device=waiting, topic=f"evc/{waiting}/telemetry", payload=b"{}", key=key, received_at=now)
        QualityReport.insert(kind="daily", day=date(2026, 11, 1), created_at=now, changed_at=now).on_conflict_ignore().execute()
        ShiftLog.create(user=technician, user_name=technician.name, started_at=now)
        DeviceCredential.create(device=machine.device, state=CredentialState.ACTIVE, created_at=now, changed_at=now)
    contact = factories.contact(customer=customer)
    out = factories.ticket(machine=machine, status=TicketStatus.IN_WORK, open_orders=1)
    sent = factories.work_order(ticket=out, machine=machine, lead=technician)
    money_factories.requisition(technician=technician, order=sent)
    supply_factories.purchase(by=technician, order=sent)
    supply_factories.parts_order(by=technician, customer=customer)
    supply_factories.shipment(order=sent)
    factories.proposal(order=sent)
    factories.gate_override(order=sent)
    money_factories.contract(ContractStatus.SIGNED, order=sent, by=actor_of(technician))
    factories.work_order(machine=machine, lead=technician, status=OrderStatus.FINISHED)
    called = factories.work_order(machine=machine, lead=technician, status=OrderStatus.FINISHED)
    factories.call_back(order=called, follow_up_owner=technician, status=CallBackStatus.SIGNED)
    factories.technician_report(user=technician)
    factories.service_report(order=factories.work_order(ticket=out, machine=machine, lead=technician), status=ReportStatus.DRAFT)
    done = factories.work_order(machine=machine, lead=technician, status=OrderStatus.FINISHED)
    factories.service_report(order=done, sign_token=f"sign-{area.id}", sign_token_until=now + timedelta(hours=1))
    money_factories.extension(machine=machine)
    money_factories.nonconformity(returned=money_factories.returned(order=done, status="reported"))
    _run_clocks(ticket, technician)
    factories.return_visit(customer=customer)
    document, request, project = _papers(machine, technician)
    with db.transaction():
        InvoiceFile.create(invoice=money_factories.invoice(customer=customer), file=document.file, at=now)
        money_factories.demanded(customer=customer, letter=document.file)
    money_factories.cost(order=WorkOrder.get(WorkOrder.lead == technician, ~WorkOrder.is_out))
    money_factories.account_of(customer, technician=technician)
    return Side(
        area, technician, token, customer, site, contact, profile, machine, ticket, attachment, alarm, episode, rejected, gap, waiting,
        document, request, project, taking_in.hand_in(ImportKind.MACHINES, "serial,model,batch\nNEW-1,M,B1\n,M,\n"),
    )  # fmt: skip


def _run_clocks(ticket: Ticket, technician: User) -> None:
    """A clock of the ticket, and a notice that the technician has not seen."""
    now = clock.now()
    with db.transaction():
        TicketClock.create(
            ticket=ticket, kind=ClockKind.REPAIR, started_at=now, target_minutes=60, is_round_the_clock=True, due_at=now, next_look_at=now
        )
        calendar_operations.set_days(by=system("matrix"), first=date(2027, 2, 6), last=date(2027, 2, 6), is_working=False, name="春节")
        for hour in (8, 20):
            start = now.replace(hour=hour)
            shift = DutyShift.create(user=technician, role=Role.TECHNICIAN, starts_at=start, ends_at=start + timedelta(hours=8))
        roster.remove_shift(by=system("matrix"), shift_id=shift.id)
        Notice.create(user=technician, at=now, message="%(number)s is late", params='{"number": "T1"}', href="/tickets")


def _papers(machine: Machine, technician: User) -> tuple[Document, DocumentRequest, Project]:
    """A photo that the technician handed in, a form that was asked for, a project of the customer."""
    now = clock.now()
    with db.transaction():
        photo = files.store(by=system("matrix"), name="photo.png", stream=io.BytesIO(factories.picture()))
        document = Document.create(
            machine=machine, form_type=FormType.PHOTO, file=photo, created_at=now, by=technician, by_name=technician.name, filed_at=now
        )
        request = DocumentRequest.create(
            machine=machine, form_type=FormType.INSPECTION, technician=technician, asked_at=now, asked_by_name="陈文员"
        )
    return document, request, factories.project(customer=machine.customer)
