"""The words of every coded value, in one place (labels.md); a value's class is named by its name, so that this knows no capability."""

from enum import StrEnum

from flask import Flask
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from jinja2 import pass_context
from jinja2.runtime import Context

from app.core.errors import N_
from app.web.i18n import translated

LABELS: dict[str, dict[str, str]] = {
    "TicketStatus": {
        "to_verify": N_("To verify"),
        "new": N_("New"),
        "triaged": N_("Accepted"),
        "waiting_dispatch": N_("Waiting for dispatch"),
        "in_work": N_("In work"),
        "waiting_customer": N_("Waiting for the customer"),
        "resolved": N_("Resolved"),
        "closed": N_("Closed"),
        "cancelled": N_("Cancelled"),
        "merged": N_("Merged"),
    },
    "MatchKind": {
        "machine": N_("Machine"),
        "customer": N_("Customer"),
        "contact": N_("Contact"),
        "site": N_("Site"),
        "ticket": N_("Ticket"),
        "project": N_("Project"),
    },
    "MatchReason": {
        "serial": N_("Serial number"),
        "device": N_("Device code"),
        "sim": N_("SIM number"),
        "phone": N_("Phone"),
        "number": N_("Number"),
        "tax_number": N_("Tax number"),
        "name": N_("Name"),
        "model": N_("Model"),
        "address": N_("Address"),
        "customer": N_("Customer"),
        "caller": N_("Caller"),
        "text": N_("Words"),
        "meant": N_("Meant perhaps?"),
    },
    "PublicReport": {  # what is said of a ticket outside
        "received": N_("We have received your report"),
        "accepted": N_("Your report is accepted"),
        "in_work": N_("A technician is on it"),
        "waiting": N_("We are waiting for you"),
        "done": N_("Done"),
        "cancelled": N_("The report was withdrawn"),
    },
    "TicketMove": {  # the button that leads to a state
        "triaged": N_("Accept"),
        "waiting_dispatch": N_("Send to dispatch"),
        "in_work": N_("Start work"),
        "waiting_customer": N_("Wait for the customer"),
        "resolved": N_("Mark as resolved"),
        "closed": N_("Close the ticket"),
        "cancelled": N_("Cancel the ticket"),
    },
    "TicketKind": {
        "fault_report": N_("Repair request"),
        "complaint": N_("Complaint"),
        "suggestion": N_("Suggestion"),
        "enquiry": N_("Enquiry"),
        "parts_order": N_("Parts purchase"),
    },
    "TicketSource": {
        "monitoring": N_("EVC monitoring"),
        "hotline": N_("400 call"),
        "qr": N_("QR code"),
        "wechat": N_("WeChat"),
        "email": N_("E-mail"),
        "walk_in": N_("Walk-in"),
        "inspection": N_("Inspection"),
        "import": N_("Import"),
        "online": N_("Other online channel"),
    },
    "Priority": {"critical": N_("Critical"), "high": N_("High"), "low": N_("Low")},
    "Condition": {
        "normal": N_("Normal"),
        "pending": N_("Pending"),
        "active": N_("Active"),
        "clearing": N_("Clearing"),
        "latched": N_("Waiting for reset"),
    },
    "GapState": {"open": N_("open"), "filled": N_("filled"), "lost": N_("lost for good"), "seen": N_("taken note of")},
    "CredentialState": {
        "pending": N_("waiting for the broker"),
        "active": N_("valid"),
        "revoking": N_("being withdrawn"),
        "revoked": N_("withdrawn"),
    },
    "Reason": {
        "unknown_topic": N_("unknown topic"),
        "bad_device": N_("bad device code"),
        "empty": N_("empty"),
        "too_large": N_("larger than 64 KiB"),
        "too_many_objects": N_("more than 200 objects"),
        "byte_order_mark": N_("begins with a byte order mark"),
        "not_utf8": N_("not UTF-8"),
        "not_json": N_("not JSON"),
        "not_finite": N_("a number that is none or infinite"),
        "too_deep": N_("nested too deep"),
        "duplicate_key": N_("a key stands twice"),
        "nul_character": N_("contains a NUL character"),
        "too_many_metrics": N_("more than 200 metrics"),
        "wrong_type": N_("wrong type"),
        "bad_time": N_("bad time"),
        "key_conflict": N_("same identity, other content"),
    },
    "Role": {
        "clerk": N_("Clerk"),
        "technician": N_("Field technician"),
        "deputy": N_("Technical deputy manager"),
        "manager": N_("Manager"),
        "area_manager": N_("Area business manager"),
        "quality": N_("Quality department"),
        "admin": N_("Administrator"),
    },
    "ContactRole": {
        "station_head": N_("Station head"),
        "operator": N_("Operator"),
        "finance": N_("Finance"),
        "purchasing": N_("Purchasing"),
        "other": N_("Other"),
    },
    "CustomerKind": {"public_body": N_("Public body"), "company": N_("Company"), "person": N_("Private person")},
    "FormType": {
        "sales_contract": N_("Sales contract"),
        "pit_guidance": N_("Pit foundation guidance hand-over"),
        "pit_survey": N_("Pit re-measurement"),
        "delivery_acceptance": N_("Delivery quality acceptance"),
        "installation_check": N_("Internal installation quality acceptance"),
        "spot_check": N_("Spot-check result"),
        "training_acceptance": N_("After-sales training acceptance"),
        "dispatch_sheet": N_("Dispatch sheet"),
        "service_report": N_("Signed service report"),
        "inspection": N_("Inspection form"),
        "maintenance": N_("Maintenance record"),
        "call_back": N_("Call-back record"),
        "hotline_record": N_("400 call record"),
        "repair_contract": N_("Repair contract"),
        "invoice": N_("Invoice"),
        "nonconformity": N_("Nonconformity report"),
        "retrofit": N_("Retrofit record"),
        "photo": N_("Photo"),
        "schematic": N_("Schematic"),
        "manual": N_("Instructions"),
        "parts_list": N_("Parts list"),
        "other": N_("Other document"),
    },
    "FileItem": {  # what the file of a machine should hold, besides forms
        "photo": N_("Photo of the machine"),
        "customer": N_("Customer"),
        "site": N_("Site"),
        "address": N_("Address of the site"),
        "contact": N_("Contact with a phone number at the site"),
        "shipped_on": N_("Date of delivery"),
        "accepted_on": N_("Date of acceptance"),
        "terminal": N_("Device code of the terminal"),
    },
    "ImportKind": {
        "customers": N_("Customers"),
        "contacts": N_("Contacts"),
        "machines": N_("Machines"),
        "history": N_("Service history"),
    },
    "ImportState": {
        "uploaded": N_("Uploaded"),
        "waiting": N_("Waiting to start"),
        "running": N_("Running"),
        "done": N_("Imported"),
        "refused": N_("Refused"),
        "failed": N_("Broken off"),
        "undone": N_("Taken back"),
    },
    "PresenceState": {"on_duty": N_("On duty"), "travelling": N_("Travelling"), "leave": N_("On leave")},
    "ClockKind": {
        "answer": N_("First answer"),
        "dispatch": N_("Dispatch"),
        "arrival": N_("Arrival on site"),
        "repair": N_("Repair"),
        "internal_answer": N_("Answer of the responsible person"),
        "customer_answer": N_("Answer to the customer"),
    },
    "Why": {
        "working": N_("Working hours"),
        "make_up": N_("Worked weekend day"),
        "round_the_clock": N_("Round the clock"),
        "off_hours": N_("Outside working hours"),
        "break": N_("Noon break"),
        "weekend": N_("Weekend"),
        "holiday": N_("Holiday"),
        "waiting_customer": N_("Waiting for the customer"),
    },
    "CauseClass": {
        "product_quality": N_("Product quality"),
        "repair_quality": N_("Quality of the repair"),
        "response_time": N_("Response time"),
        "attitude": N_("Attitude"),
        "parts_supply": N_("Supply of parts"),
        "charges": N_("Charges"),
        "customer_use": N_("Use by the customer"),
        "other": N_("Other cause"),
    },
    "ReplyTo": {"centre": N_("To the centre"), "customer": N_("To the customer")},
    "OutboxState": {"waiting": N_("Waiting to be sent"), "sent": N_("Sent"), "failed": N_("Failed")},
    "Channel": {"email": N_("E-mail"), "wecom": N_("Messenger")},
    "MailState": {"new": N_("Not handled yet"), "ticketed": N_("Made a ticket"), "dismissed": N_("Put aside")},
    "SettingGroup": {
        "company": N_("Company and letterhead"),
        "mail": N_("Mails and messages"),
        "clocks": N_("Clocks and working hours"),
        "other": N_("Other settings"),
    },
    "OrderStatus": {
        "draft": N_("Draft"),
        "dispatched": N_("To be accepted"),
        "accepted": N_("Job accepted"),
        "travelling": N_("On the way"),
        "on_site": N_("On site"),
        "waiting_parts": N_("Waiting for parts"),
        "finished": N_("Finished"),
        "filed": N_("Report filed"),
        "archived": N_("Archived"),
        "declined": N_("Returned"),
        "cancelled": N_("Called off"),
    },
    "OrderMove": {
        "accepted": N_("Accept the job"),
        "declined": N_("Return the job"),
        "travelling": N_("Set off"),
        "on_site": N_("Arrive"),
        "waiting_parts": N_("Wait for parts"),
        "finished": N_("Finish the job"),
        "cancelled": N_("Call off"),
        "filed": N_("File the report"),
        "archived": N_("Archive"),
        "dispatched": N_("Dispatch"),
    },
    "OrderKind": {
        "repair": N_("Repair job"),
        "diagnosis": N_("Off-warranty diagnosis"),
        "inspection": N_("Inspection"),
        "maintenance": N_("Preventive maintenance"),
        "acceptance": N_("Delivery acceptance"),
        "installation_check": N_("Installation check"),
        "pit_guidance": N_("Pit guidance"),
        "pit_survey": N_("Pit survey"),
        "training": N_("Training"),
        "retrofit": N_("Retrofit"),
        "spot_check": N_("Spot check"),
        "parts_delivery": N_("Parts delivery"),
    },
    "ReportStatus": {
        "draft": N_("Being written"),
        "signed": N_("Signed"),
        "filed": N_("Filed by the clerk"),
    },
    "FaultCause": {
        "wear": N_("Wear"),
        "part_defect": N_("Defective part"),
        "design": N_("Design"),
        "manufacture": N_("Manufacture"),
        "installation": N_("Installation"),
        "maintenance": N_("Lack of maintenance"),
        "misuse": N_("Misuse"),
        "foreign_matter": N_("Foreign matter"),
        "electric_supply": N_("Electric supply"),
        "environment": N_("Environment"),
        "no_fault": N_("No fault found"),
        "other": N_("Other cause"),
    },
    "SignatureWay": {
        "drawn": N_("Signed on the screen"),
        "remote": N_("Signed on the customer's phone"),
        "absent": N_("Nobody there to sign"),
        "refused": N_("Customer refused to sign"),
        "paper": N_("Stamped paper"),
    },
    "PhotoKind": {
        "before": N_("Before the work"),
        "after": N_("After the work"),
        "part": N_("The part"),
        "plate": N_("Name plate"),
        "site": N_("The site"),
        "paper": N_("The paper"),
    },
    "CallBackStatus": {
        "due": N_("To call back"),
        "recorded": N_("To be signed"),
        "signed": N_("To be read"),
        "read": N_("Read by the manager"),
        "archived": N_("In the archive"),
    },
    "CallBackOutcome": {
        "reached": N_("Reached"),
        "refused": N_("Customer refused"),
        "unreachable": N_("Not reachable"),
    },
    "ReturnVisitState": {
        "planned": N_("Planned"),
        "visited": N_("Visited"),
        "swapped": N_("Swapped"),
        "released": N_("No longer a customer"),
    },
    "LentAction": {  # what can be done in somebody's place
        "call_backs.sign": N_("Sign call-backs"),
        "call_backs.read": N_("Read signed call-backs"),
        "orders.ratify": N_("Ratify provisional dispatches"),
        "gate.override": N_("Override the warranty gate in an emergency"),
        "gate.read_overrides": N_("Read overrides of the warranty gate"),
    },
    "ReportPeriod": {
        "day": N_("Daily report"),
        "month": N_("Monthly report"),
    },
    "GateWay": {
        "in_warranty": N_("In warranty"),
        "rework": N_("Rework"),
        "not_a_repair": N_("No repair"),
        "service_agreement": N_("Service agreement"),
        "contract": N_("Approved contract"),
        "quote": N_("Quote confirmation"),
        "override": N_("Emergency override"),
    },
    "WarrantyState": {"in": N_("In warranty"), "off": N_("Off warranty"), "unknown": N_("Warranty unknown")},
}


def label(value: StrEnum | str, kind: str = "") -> str:
    """The words of ``value``; ``kind`` names the enumeration of a plain string as it comes from the database."""
    return translated(LABELS[kind or type(value).__name__][value])


@pass_context
def _label(_context: Context, value: StrEnum | str, kind: str = "") -> str:
    """``label`` for templates: with the context, or Jinja would work out ``"new"|label("…")`` once, in its first reader's language."""
    return label(value, kind)


# Parts of the program that do something, as people are told of them.
_PROGRAM = {
    "monitoring": N_("EVC monitoring"),
    "qr": N_("By the QR code"),
    "mailbox": N_("Mailbox"),
    "work slips": N_("Reminder"),
    "command line": N_("Command line"),
    "dispatch": N_("The dispatch desk"),
    "customer": N_("The customer"),
}


def author(name: str) -> str:
    """Who did something: a person by name, a part of the program in the reader's words."""
    return translated(_PROGRAM[name]) if name in _PROGRAM else name


def options(kind: str) -> list[tuple[str, LazyString]]:
    """All values of an enumeration with their words, in its order, for a choice."""
    return [(value, lazy_gettext(words)) for value, words in LABELS[kind].items()]


def init_app(app: Flask) -> None:
    """Give templates the filter ``label`` (``{{ row.status|label("TicketStatus") }}``) and the global ``options``."""
    app.jinja_env.filters["author"] = author
    app.jinja_env.filters["label"] = _label
    app.jinja_env.globals["options"] = options
