"""From what a person typed to the machine, customer and contact that are meant."""

from dataclasses import dataclass

from peewee import JOIN

from app.core.errors import N_, Invalid
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers import queries as customers
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.tickets.writing import MISSING

NO_MACHINE = N_("There is no machine of this serial number. Check it, or leave it empty and name the customer.")
NO_CUSTOMER = N_("No customer is called exactly that; use the full or the short name.")
NO_CONTACT = N_("This customer has no such contact. Leave it empty and put name and phone into the text.")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a new ticket is about."""

    machine: Machine | None
    customer: Customer | None
    contact: Contact | None


def named(actor: Actor, *, serial: str, customer: str, contact: str) -> Named:
    """The records that the words name, of those ``actor`` may see. Raises ``Invalid`` with a word beside each field that names none."""
    machine = _machine(actor, serial.strip()) if serial.strip() else None
    owner = _customer(actor, customer.strip()) if customer.strip() else (machine and machine.customer)
    person = _contact(owner, contact.strip()) if contact.strip() else None
    return Named(machine, owner, person)


_by_serial_or_device = Prepared(
    lambda serial, device: (
        Machine.select(Machine, Customer)
        .join(Customer, JOIN.LEFT_OUTER)
        .where((Machine.serial == serial) | (Machine.device == device))
        .limit(1)
    )
)


def _machine(actor: Actor, serial: str) -> Machine:
    found: Machine | None = _by_serial_or_device.first(serial, serial)
    if found is None or not (actor.area_ids is None or found.area_id in actor.area_ids):
        raise Invalid(MISSING, fields={"machine": NO_MACHINE})
    return found


def _customer(actor: Actor, words: str) -> Customer:
    found = list(customers.visible(actor).where((Customer.name == words) | (Customer.short_name == words)).limit(2))
    if len(found) != 1:
        raise Invalid(MISSING, fields={"customer": NO_CUSTOMER})
    return found[0]


def _contact(owner: Customer | None, words: str) -> Contact:
    found = Contact.select().where(Contact.customer == owner, (Contact.name == words) | (Contact.phone == words)).first() if owner else None
    if found is None:
        raise Invalid(MISSING, fields={"contact": NO_CONTACT})
    return found
