"""What can be found, how each kind is read, and what is shown of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote

from peewee import JOIN, ModelSelect

from app.core.types import Actor
from app.customers import projects, searching
from app.customers import queries as customers
from app.customers.models import Contact, Customer, Project, Site
from app.machines import queries as machines
from app.machines import searching as machine_searching
from app.machines.models import Machine, MachineModel
from app.tickets import queries as tickets
from app.tickets import searching as ticket_searching
from app.tickets.models import Ticket


class MatchKind(StrEnum):
    """What can be found."""

    MACHINE = "machine"
    CUSTOMER = "customer"
    CONTACT = "contact"
    SITE = "site"
    TICKET = "ticket"
    PROJECT = "project"


class MatchReason(StrEnum):
    """What of it was typed."""

    SERIAL = "serial"
    DEVICE = "device"
    SIM = "sim"
    PHONE = "phone"
    NUMBER = "number"
    TAX_NUMBER = "tax_number"
    NAME = "name"
    MODEL = "model"
    ADDRESS = "address"
    CUSTOMER = "customer"
    CALLER = "caller"
    TEXT = "text"
    MEANT = "meant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What may be meant; what does not belong to its kind is empty.

    ``phone`` is the whole number: lists show it masked. ``rank`` is 0 for what is called exactly so, more for looser matches.
    ``text`` is what a ticket is about, ``reason`` the alarms that name it (``reasons.title_in`` says it in the reader's language).
    """

    kind: MatchKind
    title: str
    detail: str
    why: MatchReason = MatchReason.CUSTOMER
    rank: int = 0
    machine_id: int | None = None
    serial: str = ""
    device: str = ""
    model: str = ""
    customer_id: int | None = None
    customer: str = ""
    contact_id: int | None = None
    contact: str = ""
    role: str = ""
    phone: str = ""
    site_id: int | None = None
    site: str = ""
    ticket_id: int | None = None
    status: str = ""
    text: str = ""
    reason: str = ""
    opened_at: datetime | None = None
    project_id: int | None = None

    @property
    def href(self) -> str:
        """Where it is shown."""
        if self.kind is MatchKind.MACHINE:
            return f"/machines/{quote(self.serial, safe='')}"
        if self.kind is MatchKind.TICKET:
            return f"/tickets/{self.title}"
        if self.kind is MatchKind.PROJECT:
            return f"/projects/{self.project_id}"
        anchor = f"#contact-{self.contact_id}" if self.kind is MatchKind.CONTACT else ""
        return f"/customers/{self.customer_id}{anchor}"

    @property
    def key(self) -> str:
        """Tells it from every other match."""
        own = {
            MatchKind.MACHINE: self.machine_id,
            MatchKind.CONTACT: self.contact_id,
            MatchKind.SITE: self.site_id,
            MatchKind.TICKET: self.ticket_id,
            MatchKind.PROJECT: self.project_id,
        }
        return f"{self.kind}-{own.get(self.kind, self.customer_id)}"


# What a record is called, with what each name is.
Names = Sequence[tuple[MatchReason, str | None]]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind: how its rows are read by those who hold ``permission``, what a row is called and what it is shown as.

    ``needs_own`` leaves what only belongs to a match to that match.
    """

    kind: MatchKind
    permission: str
    table: str
    key: Any
    select: Callable[[Actor], ModelSelect]
    row: Callable[..., Any]
    called: Callable[[Any], Names]
    shown: Callable[[Any], Match]
    needs_own: bool = True


def _machines(actor: Actor) -> ModelSelect:
    columns = (Machine.id, Machine.serial, Machine.device, Machine.sim_number, MachineModel.name)
    return (
        machines.visible(actor)
        .select(*columns, Customer.id, Customer.name, Customer.short_name, Site.id, Site.name)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
    )


def _customers(actor: Actor) -> ModelSelect:
    return customers.visible(actor).select(Customer.id, Customer.name, Customer.short_name, Customer.tax_number)


def _contacts(actor: Actor) -> ModelSelect:
    columns = (Contact.id, Contact.name, Contact.phone, Contact.role, Customer.id, Customer.name, Customer.short_name)
    query = Contact.select(*columns, Site.id, Site.name).join_from(Contact, Customer).join_from(Contact, Site, JOIN.LEFT_OUTER)
    return _of_visible(actor, query, Contact.customer)


def _sites(actor: Actor) -> ModelSelect:
    query = Site.select(Site.id, Site.name, Site.address, Customer.id, Customer.name, Customer.short_name).join(Customer)
    return _of_visible(actor, query, Site.customer)


def _of_visible(actor: Actor, query: ModelSelect, customer: Any) -> ModelSelect:
    """Who may see a customer sees all its people and sites."""
    return query if actor.area_ids is None else query.where(customer.in_(customers.visible(actor).select(Customer.id)))


class _MachineRow(NamedTuple):
    id: int
    serial: str
    device: str | None
    sim: str
    model: str
    customer_id: int | None
    customer: str | None
    short_name: str | None
    site_id: int | None
    site: str | None


def _machine(row: _MachineRow) -> Match:
    return Match(
        kind=MatchKind.MACHINE,
        title=row.serial,
        detail=_line(row.model, row.short_name or row.customer, row.site),
        machine_id=row.id,
        serial=row.serial,
        device=row.device or "",
        model=row.model,
        customer_id=row.customer_id,
        customer=row.customer or "",
        site_id=row.site_id,
        site=row.site or "",
    )


def _machine_names(row: _MachineRow) -> Names:
    numbers = ((MatchReason.SERIAL, row.serial), (MatchReason.DEVICE, row.device), (MatchReason.SIM, row.sim))
    return (*numbers, (MatchReason.MODEL, row.model))


class _CustomerRow(NamedTuple):
    id: int
    name: str
    short_name: str
    tax_number: str | None


def _customer(row: _CustomerRow) -> Match:
    return Match(kind=MatchKind.CUSTOMER, title=row.name, detail=row.short_name, customer_id=row.id, customer=row.name)


def _customer_names(row: _CustomerRow) -> Names:
    return ((MatchReason.NAME, row.name), (MatchReason.NAME, row.short_name), (MatchReason.TAX_NUMBER, row.tax_number))


class _ContactRow(NamedTuple):
    id: int
    name: str
    phone: str
    role: str
    customer_id: int
    customer: str
    short_name: str
    site_id: int | None
    site: str | None


def _contact(row: _ContactRow) -> Match:
    return Match(
        kind=MatchKind.CONTACT,
        title=row.name,
        detail=_line(row.short_name or row.customer, row.site),
        customer_id=row.customer_id,
        customer=row.customer,
        contact_id=row.id,
        contact=row.name,
        role=row.role,
        phone=row.phone,
        site_id=row.site_id,
        site=row.site or "",
    )


def _contact_names(row: _ContactRow) -> Names:
    return ((MatchReason.PHONE, row.phone), (MatchReason.NAME, row.name))


class _SiteRow(NamedTuple):
    id: int
    name: str
    address: str
    customer_id: int
    customer: str
    short_name: str


def _site(row: _SiteRow) -> Match:
    return Match(
        kind=MatchKind.SITE,
        title=row.name,
        detail=_line(row.short_name or row.customer, row.address),
        customer_id=row.customer_id,
        customer=row.customer,
        site_id=row.id,
        site=row.name,
    )


def _site_names(row: _SiteRow) -> Names:
    return ((MatchReason.NAME, row.name), (MatchReason.ADDRESS, row.address))


def _line(*words: str | None) -> str:
    return " · ".join(word for word in words if word)


class _TicketRow(NamedTuple):
    id: int
    number: str
    title: str
    reason: str
    status: str
    opened_at: datetime
    caller: str
    phone: str
    machine_id: int | None
    serial: str | None
    customer_id: int | None
    customer: str | None
    short_name: str | None


def _tickets(actor: Actor) -> ModelSelect:
    said = (Ticket.id, Ticket.number, Ticket.title, Ticket.reason, Ticket.status, Ticket.opened_at, Ticket.caller_name, Ticket.caller_phone)
    return (
        tickets.visible(actor)
        .select(*said, Machine.id, Machine.serial, Customer.id, Customer.name, Customer.short_name)
        .join_from(Ticket, Machine, JOIN.LEFT_OUTER)
        .join_from(Ticket, Customer, JOIN.LEFT_OUTER)
    )


def _ticket(row: _TicketRow) -> Match:
    return Match(
        kind=MatchKind.TICKET,
        title=row.number,
        detail=_line(row.serial, row.short_name or row.customer),
        ticket_id=row.id,
        text=row.title,
        reason=row.reason,
        status=row.status,
        opened_at=row.opened_at,
        machine_id=row.machine_id,
        serial=row.serial or "",
        customer_id=row.customer_id,
        customer=row.customer or "",
        phone=row.phone,
    )


def _ticket_names(row: _TicketRow) -> Names:
    said = (
        (MatchReason.TEXT, row.title),
        (MatchReason.SERIAL, row.serial),
        (MatchReason.PHONE, row.phone),
        (MatchReason.CALLER, row.caller),
    )
    owner = ((MatchReason.CUSTOMER, row.short_name), (MatchReason.CUSTOMER, row.customer))
    return ((MatchReason.NUMBER, row.number), *said, *owner)


class _ProjectRow(NamedTuple):
    id: int
    number: str
    name: str
    customer_id: int
    customer: str
    short_name: str


def _projects(actor: Actor) -> ModelSelect:
    columns = (Project.id, Project.contract_number, Project.name, Customer.id, Customer.name, Customer.short_name)
    return projects.visible(actor).select(*columns).join_from(Project, Customer)


def _project(row: _ProjectRow) -> Match:
    return Match(
        kind=MatchKind.PROJECT,
        title=row.number,
        detail=_line(row.name, row.short_name or row.customer),
        project_id=row.id,
        customer_id=row.customer_id,
        customer=row.customer,
    )


def _project_names(row: _ProjectRow) -> Names:
    return ((MatchReason.NUMBER, row.number), (MatchReason.NAME, row.name))


SOURCES = {
    source.kind: source
    for source in (
        Source(
            MatchKind.MACHINE,
            "machines.read",
            machine_searching.TABLE,
            Machine.id,
            _machines,
            _MachineRow,
            _machine_names,
            _machine,
            needs_own=False,
        ),
        Source(
            MatchKind.CUSTOMER, "customers.read", searching.CUSTOMERS, Customer.id, _customers, _CustomerRow, _customer_names, _customer
        ),
        Source(MatchKind.CONTACT, "customers.read", searching.CONTACTS, Contact.id, _contacts, _ContactRow, _contact_names, _contact),
        Source(MatchKind.SITE, "customers.read", searching.SITES, Site.id, _sites, _SiteRow, _site_names, _site),
        Source(MatchKind.PROJECT, "customers.read", searching.PROJECTS, Project.id, _projects, _ProjectRow, _project_names, _project),
        Source(MatchKind.TICKET, "tickets.read", ticket_searching.TABLE, Ticket.id, _tickets, _TicketRow, _ticket_names, _ticket),
    )
}
