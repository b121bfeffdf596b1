"""What the intake shows of a machine or customer while the clerk is still talking: reads only, a few prepared queries."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from peewee import JOIN, fn

from app.billing import accounts
from app.billing.accounts import Debt
from app.core import clock
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers import queries as customers
from app.customers.models import Contact, Customer, Site
from app.desk import past_jobs
from app.desk.past_jobs import PastJob
from app.machines import queries as machines
from app.machines.models import Machine, MachineModel
from app.machines.warranty import Warranty
from app.monitoring import queries as monitoring
from app.monitoring.queries import AlarmRow
from app.tickets import moving, states
from app.tickets import queries as tickets
from app.tickets.models import Priority, Ticket, TicketKind
from app.work_orders import queries as orders
from app.work_orders.queries import OrderLine

# As many machines as there are keys for; more contacts than this nobody reads on the phone.
MACHINES, CONTACTS, JOBS, OPEN = 9, 6, 3, 5
REPEATED_WITHIN = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom the intake is about so far, as it stands in the form."""

    machine: str = ""
    customer: str = ""
    contact_id: int | None = None
    phone: str = ""
    kind: TicketKind = TicketKind.FAULT_REPORT


@dataclass(frozen=True, slots=True)
class Job:
    """A finished ticket of the machine with the order that settled it, or an order without a ticket.

    ``can_reopen`` says whether the ticket is young enough to be opened again.
    """

    ticket: Ticket | None
    can_reopen: bool = False
    order: PastJob | None = None

    @property
    def at(self) -> datetime:
        """When it was opened, or done."""
        return self.ticket.opened_at if self.ticket else self.order.at if self.order else clock.now()


@dataclass(slots=True)
class Card:
    """Everything known that matters in the first seconds of a call."""

    asked: Asked
    machine: Machine | None = None
    customer: Customer | None = None
    contact: Contact | None = None
    is_unknown_machine: bool = False
    is_unknown_customer: bool = False
    warranty: Warranty | None = None
    alarms: list[AlarmRow] = field(default_factory=list)
    joinable: list[Ticket] = field(default_factory=list)
    open_tickets: list[Ticket] = field(default_factory=list)
    orders: list[OrderLine] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    has_more_machines: bool = False
    contacts: list[Contact] = field(default_factory=list)
    sharing: list[Contact] = field(default_factory=list)
    debt: Debt | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody and nothing is named yet."""
        return not (self.machine or self.customer or self.is_unknown_machine or self.is_unknown_customer or self.sharing)

    @property
    def raised(self) -> Priority | None:
        """The priority that a standing critical alarm asks for."""
        is_critical = any(row.is_active and row.alarm.severity == Priority.CRITICAL for row in self.alarms)
        return Priority.CRITICAL if is_critical and self.asked.kind == TicketKind.FAULT_REPORT else None


_machine = Prepared(
    lambda serial, device: (
        Machine.select(Machine, MachineModel, Customer, Site)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .where((Machine.serial == serial) | (Machine.device == device))
        .limit(1)
    )
)
_machine_by_id = Prepared(
    lambda machine_id: Machine.select(Machine, Customer).join_from(Machine, Customer, JOIN.LEFT_OUTER).where(Machine.id == machine_id)
)
_machine_with_token = Prepared(
    lambda token: Machine.select(Machine, Customer).join_from(Machine, Customer, JOIN.LEFT_OUTER).where(Machine.qr_token == token)
)
_customer_by_id = Prepared(lambda customer_id: Customer.select().where(Customer.id == customer_id))
_machines_of = Prepared(
    lambda customer_id, most: (
        Machine.select(Machine, MachineModel, Site)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .where(Machine.customer == customer_id, Machine.retired_on.is_null())
        .order_by(Machine.serial)
        .limit(most)
    )
)
_customer = Prepared(
    lambda name, short_name: Customer.select().where((Customer.name == name) | (Customer.short_name == short_name)).limit(2)
)
_contact = Prepared(lambda contact_id: Contact.select(Contact, Customer).join(Customer).where(Contact.id == contact_id))
_contacts_of = Prepared(
    lambda customer_id, site_id, most: (
        Contact.select(Contact, Site)
        .join(Site, JOIN.LEFT_OUTER)
        .where(Contact.customer == customer_id)
        .order_by(Contact.site != site_id, Contact.name, Contact.id)
        .limit(most)
    )
)
_with_phone = Prepared(
    lambda phone, most: Contact.select(Contact, Customer).join(Customer).where(Contact.phone == phone).order_by(Contact.id).limit(most)
)
_open_of_customer = Prepared(
    lambda customer_id, most: (
        Ticket.select(Ticket, Machine)
        .join(Machine, JOIN.LEFT_OUTER)
        .where(Ticket.customer == customer_id, Ticket.is_open)
        .order_by(Ticket.opened_at, Ticket.id)
        .limit(most)
    )
)
_finished_of_machine = Prepared(
    lambda machine_id, most: (
        Ticket.select().where(Ticket.machine == machine_id, ~Ticket.is_open).order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(most)
    )
)


def machine_named(actor: Actor, words: str) -> Machine | None:
    """The machine with that serial number or device code; None for one that ``actor`` may not see."""
    found: Machine | None = _machine.first(words, words)
    return found if found is not None and _may_see(actor, found.area_id) else None


def customer_named(actor: Actor, words: str) -> Customer | None:
    """The one customer of that full or short name; a full name wins. None for one that ``actor`` may not see."""
    found: list[Customer] = _customer.rows(words, words)
    exact = [one for one in found if one.name == words] or found
    return exact[0] if len(exact) == 1 and _may_see_customer(actor, exact[0]) else None


def contact_of(actor: Actor, contact_id: int) -> Contact | None:
    """The contact with its customer; None for one that ``actor`` may not see."""
    found: Contact | None = _contact.first(contact_id)
    return found if found is not None and _may_see_customer(actor, found.customer) else None


def machine_by_id(actor: Actor, machine_id: int) -> Machine | None:
    """The machine with its customer; None for one that ``actor`` may not see."""
    found: Machine | None = _machine_by_id.first(machine_id)
    return found if found is not None and _may_see(actor, found.area_id) else None


def machine_with_token(actor: Actor, token: str) -> Machine | None:
    """The machine whose QR code holds ``token``; None for one that ``actor`` may not see."""
    found: Machine | None = _machine_with_token.first(token)
    return found if found is not None and _may_see(actor, found.area_id) else None


def customer_by_id(actor: Actor, customer_id: int) -> Customer | None:
    """The customer; None for one that ``actor`` may not see."""
    found: Customer | None = _customer_by_id.first(customer_id)
    return found if found is not None and _may_see_customer(actor, found) else None


def contact_with_email(actor: Actor, address: str) -> Contact | None:
    """The one contact with this e-mail address, of all customers that ``actor`` may see."""
    found = (
        list(Contact.select(Contact, Customer).join(Customer).where(fn.LOWER(Contact.email) == address.lower()).limit(2)) if address else []
    )
    return found[0] if len(found) == 1 and _may_see_customer(actor, found[0].customer) else None


def sharing(actor: Actor, phone: str) -> list[Contact]:
    """The contacts of all customers who have this very phone number."""
    return [one for one in _with_phone.rows(phone, CONTACTS) if _may_see_customer(actor, one.customer)] if phone else []


def _may_see(actor: Actor, area_id: int | None) -> bool:
    return actor.area_ids is None or area_id in actor.area_ids


def _may_see_customer(actor: Actor, customer: Customer) -> bool:
    return actor.area_ids is None or customers.visible(actor).where(Customer.id == customer.id).exists()


def contact_with(customer: Customer, name: str, phone: str) -> Contact | None:
    """The contact of ``customer`` with this name and number; one of the two is enough when it fits a single person."""
    wanted = [column == value for column, value in ((Contact.name, name), (Contact.phone, phone)) if value]
    found = list(Contact.select().where(Contact.customer == customer, *wanted).limit(2))
    return found[0] if wanted and len(found) == 1 else None


def named(actor: Actor, asked: Asked) -> Card:
    """Who and what is meant; a customer follows from the machine or the contact unless one is named."""
    card = Card(asked)
    card.machine = machine_named(actor, asked.machine) if asked.machine else None
    card.is_unknown_machine = bool(asked.machine) and card.machine is None
    card.contact = contact_of(actor, asked.contact_id) if asked.contact_id else None
    card.customer = customer_named(actor, asked.customer) if asked.customer else None
    card.is_unknown_customer = bool(asked.customer) and card.customer is None
    if not asked.customer:
        card.customer = (card.machine and card.machine.customer) or (card.contact and card.contact.customer)
    return card


def card_of(actor: Actor, asked: Asked, at: datetime | None = None) -> Card:
    """The card for what stands in the form."""
    card = named(actor, asked)
    if card.machine is not None:
        _add_machine(actor, card, at or clock.now())
    if card.customer is not None:
        _add_customer(actor, card)
    card.sharing = [one for one in sharing(actor, asked.phone) if card.customer is None or one.customer_id != card.customer.id]
    return card


def _add_machine(actor: Actor, card: Card, at: datetime) -> None:
    machine = card.machine
    assert machine is not None
    card.warranty = machines.warranty_now(machine)
    card.alarms = monitoring.standing_of(actor, machine)
    card.open_tickets = tickets.open_of_machine(machine)
    card.joinable = [ticket for ticket in card.open_tickets if ticket.kind == card.asked.kind]
    card.jobs = _jobs(machine, at)
    told = {ticket.id for ticket in card.open_tickets}  # their sentences say who was sent
    card.orders = [line for line in orders.open_of_machine(machine) if line.order.ticket_id not in told]


def _jobs(machine: Machine, at: datetime) -> list[Job]:
    done = past_jobs.finished_orders(machine, 2 * JOBS)
    settled = {order.ticket_id: order for order in reversed(done)}
    jobs = [Job(ticket, _can_reopen(ticket, at), settled.get(ticket.id)) for ticket in _finished_of_machine.rows(machine.id, JOBS)]
    jobs += [Job(None, order=order) for order in done if order.ticket_id is None]
    return sorted(jobs, key=lambda job: job.at, reverse=True)[:JOBS]


def _can_reopen(ticket: Ticket, at: datetime) -> bool:
    present = states.TicketStatus(ticket.status)
    return states.TRIAGED in states.ways(present, moving.ended_at(ticket), at)


def debt_to_show(actor: Actor, customer: Customer | None, at: datetime) -> Debt | None:
    """What ``customer`` owes, for those who may read the money of its area."""
    if customer is None or not actor.may("money.read") or not _may_see(actor, customer.area_id):
        return None
    return accounts.debt_of(customer.id, clock.day_of(at))


def _add_customer(actor: Actor, card: Card) -> None:
    assert card.customer is not None
    site_id = card.machine.site_id if card.machine else None
    card.debt = debt_to_show(actor, card.customer, clock.now())
    card.contacts = _contacts_of.rows(card.customer.id, site_id or 0, CONTACTS)
    if card.machine is None and not card.is_unknown_machine:
        found = [one for one in _machines_of.rows(card.customer.id, MACHINES + 1) if _may_see(actor, one.area_id)]
        card.machines, card.has_more_machines = found[:MACHINES], len(found) > MACHINES
        card.open_tickets = [one for one in _open_of_customer.rows(card.customer.id, OPEN) if _may_see(actor, one.area_id)]
