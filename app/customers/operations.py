"""What is done to customers, their sites and contacts. The only writer of these.

``version`` stands on the customer and counts changes of its sites and contacts too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import chunked, fn

from app.accounts.models import Area, Station
from app.core import bulk, clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers import searching, tax_numbers
from app.customers.models import Contact, ContactRole, Customer, CustomerKind, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDetails:
    """What is written of a customer; ``is_tax_number_confirmed`` takes a number whose check character does not fit."""

    name: str
    short_name: str = ""
    tax_number: str = ""
    is_tax_number_confirmed: bool = False
    kind: CustomerKind = CustomerKind.COMPANY
    area: Area | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDetails:
    """What is written of a site."""

    name: str
    address: str = ""
    area: Area | None = None
    station: Station | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """What is written of a person at the customer's; ``takes_no_broadcasts`` of None leaves it as it is."""

    name: str
    phone: str = ""
    email: str = ""
    role: ContactRole = ContactRole.OTHER
    site: Site | None = None
    takes_no_broadcasts: bool | None = None


def create_customer(*, by: Actor, details: CustomerDetails, form_token: str | None = None, at: datetime | None = None) -> Customer:
    """Register a customer. A form sent again (``form_token``) answers with the customer of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed`` for roles that do not keep customers.
    """
    by.require("customers.edit")
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Customer.get_by_id(int(submissions.result_of(form_token)))
        customer = Customer.create(**_checked(details, None), created_at=at or clock.now())
        if form_token:
            submissions.settle(form_token, customer.id)
        _record(by, "created", customer, after=_shown(customer))
    return customer


def enter_customers(*, by: Actor, details: Sequence[CustomerDetails]) -> list[Customer]:
    """Write new customers whose details were checked, all at once in the running transaction."""
    last_id = Customer.select(fn.MAX(Customer.id)).scalar() or 0
    names = ("name", "short_name", "tax_number", "kind", "area", "version", "created_at")
    bulk.insert(Customer, names, [_row(d, clock.now_ms()) for d in details])
    wanted = {d.name for d in details}
    customers = [customer for customer in Customer.select().where(Customer.id > last_id) if customer.name in wanted]
    for customer in customers:
        _record(by, "created", customer, after=_shown(customer))
    return customers


def _row(details: CustomerDetails, created_at_ms: int) -> tuple[Any, ...]:
    number, area = tax_numbers.normal(details.tax_number) or None, details.area
    return (details.name, details.short_name, number, str(details.kind), area.id if area else None, 1, created_at_ms)


def enter_sites(*, by: Actor, details: Sequence[tuple[Customer, SiteDetails]]) -> list[Site]:
    """Write new sites whose details were checked, all at once in the running transaction."""
    last_id = Site.select(fn.MAX(Site.id)).scalar() or 0
    owners = {customer.id: customer for customer, _details in details}
    rows = [
        (customer.id, d.name, d.address, d.area.id if d.area else customer.area_id, d.station.id if d.station else None)
        for customer, d in details
    ]
    bulk.insert(Site, ("customer", "name", "address", "area", "station"), rows)
    wanted = {(row[0], row[1]) for row in rows}
    sites = [site for site in Site.select().where(Site.id > last_id) if (site.customer_id, site.name) in wanted]
    for site in sites:
        _record(by, "site_added", owners[site.customer_id], after=_shown_site(site))
    searching.stale(sites=[site.id for site in sites])
    _count_changes(owners)
    return sites


def enter_contacts(*, by: Actor, details: Sequence[tuple[Customer, ContactDetails]]) -> list[Contact]:
    """Write new contacts whose details were checked, all at once in the running transaction; returns them in the same order."""
    last_id = Contact.select(fn.MAX(Contact.id)).scalar() or 0
    owners = {customer.id: customer for customer, _details in details}
    rows = [(customer.id, d.site.id if d.site else None, d.name, d.phone, d.email, str(d.role)) for customer, d in details]
    bulk.insert(Contact, ("customer", "site", "name", "phone", "email", "role"), rows)
    found = {(one.customer_id, one.name, one.phone): one for one in Contact.select().where(Contact.id > last_id)}
    contacts = [found[(row[0], row[2], row[3])] for row in rows]
    for contact in contacts:
        _record_contact(by, "contact_added", contact)
    _count_changes(owners)
    return contacts


def renew_customer(*, by: Actor, customer: Customer, details: CustomerDetails) -> None:
    """Write details that were checked over a customer, in the running transaction. Raises ``Conflict``, ``Invalid``."""
    before = _shown(customer)
    _claim(customer, customer.version, **_checked(details, customer))
    _record(by, "edited", customer, before=before, after=_shown(customer))
    searching.renamed(customer)


def renew_contact(*, by: Actor, contact: Contact, details: ContactDetails) -> None:
    """Write details that were checked over a contact, in the running transaction. Raises ``IntegrityError`` for a double."""
    Contact.update(**_checked_contact(contact.customer, details)).where(Contact.id == contact.id).execute()
    _count_change(contact.customer)
    _record_contact(by, "contact_edited", Contact.get_by_id(contact.id))


def edit_customer(*, by: Actor, customer: Customer, version: int, details: CustomerDetails) -> bool:
    """Change a customer; returns whether anything changed.

    Raises as ``create_customer``, and ``Conflict`` when ``version`` is no longer the present one.
    """
    by.require("customers.edit")
    with db.transaction():
        fields = _checked(details, customer)
        before = _shown(customer)
        _claim(customer, version, **fields)
        after = _shown(customer)
        if before != after:
            _record(by, "edited", customer, before=before, after=after)
            searching.renamed(customer)
    return before != after


def add_site(*, by: Actor, customer: Customer, details: SiteDetails) -> Site:
    """Add a place where machines of ``customer`` stand; without an area it lies in the customer's. Raises ``Invalid``."""
    by.require("customers.edit")
    with db.transaction():
        _check_site(customer, None, details)
        site = Site.create(
            customer=customer,
            name=details.name.strip(),
            address=details.address.strip(),
            area=details.area or customer.area,
            station=details.station,
        )
        _count_change(customer)
        _record(by, "site_added", customer, after=_shown_site(site))
        searching.stale(sites=[site.id])
    return site


def edit_site(*, by: Actor, site: Site, version: int, details: SiteDetails) -> None:
    """Change a site; ``version`` is the customer's. Raises ``Invalid``, ``Conflict``."""
    by.require("customers.edit")
    with db.transaction():
        _check_site(site.customer, site, details)
        _write_site(by, site, version, details)


def renew_site(*, by: Actor, site: Site, details: SiteDetails) -> None:
    """Write details that were checked over a site, in the running transaction. Raises ``Conflict``."""
    _write_site(by, site, site.customer.version, details)


def _write_site(by: Actor, site: Site, version: int, details: SiteDetails) -> None:
    before = _shown_site(site)
    _claim(site.customer, version)
    site.name, site.address, site.area, site.station = details.name.strip(), details.address.strip(), details.area, details.station
    site.save()
    _record(by, "site_edited", site.customer, before=before, after=_shown_site(site))
    searching.renamed_site(site)


def add_contact(*, by: Actor, customer: Customer, details: ContactDetails) -> Contact:
    """Add a person at the customer's; the same name and number again is the same person. Raises ``Invalid``."""
    by.require("customers.edit")
    with db.transaction():
        fields = _checked_contact(customer, details)
        contact = _twin_of(customer, fields)
        if contact is None:
            contact = Contact.create(customer=customer, **fields)
            _count_change(customer)
            _record_contact(by, "contact_added", contact)
    return contact


def edit_contact(*, by: Actor, contact: Contact, version: int, details: ContactDetails) -> None:
    """Change a contact; ``version`` is the customer's. Raises ``Invalid``, ``Conflict``."""
    by.require("customers.edit")
    with db.transaction():
        fields = _checked_contact(contact.customer, details)
        twin = _twin_of(contact.customer, fields)
        if twin is not None and twin.id != contact.id:
            raise _invalid(name=N_("There is a contact of this name and number already."))
        _claim(contact.customer, version)
        Contact.update(**fields).where(Contact.id == contact.id).execute()
        _record_contact(by, "contact_edited", Contact.get_by_id(contact.id))


def _checked(details: CustomerDetails, customer: Customer | None) -> dict[str, Any]:
    name, number = details.name.strip(), tax_numbers.normal(details.tax_number) or None
    wrong = {}
    if not name:
        wrong["name"] = N_("Please give the name.")
    elif _is_taken(Customer.name, name, customer):
        wrong["name"] = N_("There is a customer of this name already.")
    if number and not tax_numbers.is_well_formed(number):
        wrong["tax_number"] = N_("A tax number has 18 letters and digits (older ones 15 or 20).")
    elif number and not tax_numbers.is_check_right(number) and not details.is_tax_number_confirmed:
        wrong["tax_number"] = N_("The last character does not fit the others. Check the number; if it is right all the same, tick the box.")
    elif number and _is_taken(Customer.tax_number, number, customer):
        wrong["tax_number"] = N_("Another customer has this tax number.")
    if wrong:
        raise _invalid(**wrong)
    return {"name": name, "short_name": details.short_name.strip(), "tax_number": number, "kind": details.kind, "area": details.area}


def _is_taken(field: Any, value: str, by_other_than: Customer | None) -> bool:
    query = Customer.select().where(field == value)
    return bool((query.where(Customer.id != by_other_than.id) if by_other_than else query).exists())


def _check_site(customer: Customer, site: Site | None, details: SiteDetails) -> None:
    if not details.name.strip():
        raise _invalid(name=N_("Please give the name."))
    twin = Site.get_or_none(Site.customer == customer, Site.name == details.name.strip())
    if twin is not None and (site is None or twin.id != site.id):
        raise _invalid(name=N_("The customer has a site of this name already."))


def _checked_contact(customer: Customer, details: ContactDetails) -> dict[str, Any]:
    if not details.name.strip():
        raise _invalid(name=N_("Please give the name."))
    if details.site is not None and details.site.customer_id != customer.id:
        raise _invalid(site=N_("This site belongs to another customer."))
    wish = {} if details.takes_no_broadcasts is None else {"takes_no_broadcasts": details.takes_no_broadcasts}
    return wish | {
        "name": details.name.strip(),
        "phone": details.phone.strip(),
        "email": details.email.strip(),
        "role": details.role,
        "site": details.site,
    }


def _twin_of(customer: Customer, fields: dict[str, Any]) -> Contact | None:
    return Contact.get_or_none(Contact.customer == customer, Contact.name == fields["name"], Contact.phone == fields["phone"])


def _invalid(**fields: str) -> Invalid:
    return Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=fields)


def _claim(customer: Customer, version: int, **fields: Any) -> None:
    same = (Customer.id == customer.id) & (Customer.version == version)
    if Customer.update(version=Customer.version + 1, **fields).where(same).execute() != 1:
        raise Conflict(N_("Somebody else changed this customer meanwhile. Look at the present state, then decide again."))
    for name, value in fields.items():
        setattr(customer, name, value)
    customer.version = version + 1


def _count_change(customer: Customer) -> None:
    _count_changes({customer.id: customer})


def _count_changes(customers: dict[int, Customer]) -> None:
    for ids in chunked(customers, 1_000):
        Customer.update(version=Customer.version + 1).where(Customer.id.in_(ids)).execute()
    for customer in customers.values():
        customer.version += 1


def _shown(customer: Customer) -> dict[str, Any]:
    shown = {
        "name": customer.name,
        "short_name": customer.short_name,
        "tax_number": customer.tax_number,
        "kind": str(customer.kind),
        "area": customer.area_id,
    }
    if customer.kind == CustomerKind.PERSON:  # the name of a natural person is personal
        shown = {name: value for name, value in shown.items() if name not in ("name", "short_name", "tax_number")}
    return shown


def _shown_site(site: Site) -> dict[str, Any]:
    return {"site_id": site.id, "name": site.name, "address": site.address, "area": site.area_id, "station_id": site.station_id}


def _record(by: Actor, action: str, customer: Customer, **values: Any) -> None:
    personal = {"name": str(customer.name)} if customer.kind == CustomerKind.PERSON else None
    history.record(by, f"customer.{action}", "customer", customer.id, personal=personal, **values)
    searching.stale(customers=[customer.id])
    live.touch("customers")  # lists show its name


def _record_contact(by: Actor, action: str, contact: Contact) -> None:
    personal = {name: getattr(contact, name) for name in ("name", "phone", "email") if getattr(contact, name)}
    after = {"contact_id": contact.id, "role": str(contact.role), "site_id": contact.site_id}
    history.record(by, f"customer.{action}", "customer", contact.customer_id, after=after, personal=personal)
    searching.stale(contacts=[contact.id])
