"""Taking back what an import did to customers, sites and contacts; never for anything else: customers are not deleted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.accounts.models import Area
from app.core import history, live, textsearch
from app.core.types import Actor
from app.customers import operations
from app.customers.models import Contact, ContactRole, Customer, CustomerKind, Site
from app.customers.operations import ContactDetails, CustomerDetails, SiteDetails


def remove_areas(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove areas, in the running transaction. Raises ``IntegrityError`` when something lies in one."""
    for area in Area.select().where(Area.id.in_(ids)):
        history.record(by, "area.import_undone", "area", area.id, before={"name": area.name})
    Area.delete().where(Area.id.in_(ids)).execute()


def remove_customers(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove customers, in the running transaction. Raises ``IntegrityError`` when something belongs to one."""
    for customer in Customer.select().where(Customer.id.in_(ids)):
        history.record(by, "customer.import_undone", "customer", customer.id)
    Customer.delete().where(Customer.id.in_(ids)).execute()
    textsearch.remove("customer_search", ids)
    live.touch("customers")


def remove_sites(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove sites, in the running transaction. Raises ``IntegrityError`` when something stands there."""
    for site in Site.select().where(Site.id.in_(ids)):
        history.record(by, "customer.site_import_undone", "customer", site.customer_id, before={"site_id": site.id, "name": site.name})
    Site.delete().where(Site.id.in_(ids)).execute()
    textsearch.remove("site_search", ids)
    live.touch("customers")


def remove_contacts(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove contacts, in the running transaction. Raises ``IntegrityError`` when something names one."""
    for contact in Contact.select().where(Contact.id.in_(ids)):
        history.record(by, "customer.contact_import_undone", "customer", contact.customer_id, before={"contact_id": contact.id})
    Contact.delete().where(Contact.id.in_(ids)).execute()
    textsearch.remove("contact_search", ids)


def put_back_customer(*, by: Actor, customer: Customer, fields: dict[str, Any]) -> None:
    """Give a customer ``fields`` (as ``imports.stored`` has them) again, in the running transaction."""
    details = CustomerDetails(
        name=customer.name,
        short_name=fields.get("short_name", customer.short_name),
        tax_number=fields.get("tax_number", customer.tax_number) or "",
        is_tax_number_confirmed=True,
        kind=CustomerKind(fields.get("kind", customer.kind)),
        area=_area(fields["area_id"]) if "area_id" in fields else customer.area,
    )
    operations.renew_customer(by=by, customer=customer, details=details)


def put_back_site(*, by: Actor, site: Site, fields: dict[str, Any]) -> None:
    """Give a site its address again, in the running transaction."""
    operations.renew_site(
        by=by, site=site, details=SiteDetails(name=site.name, address=fields["address"], area=site.area, station=site.station)
    )


def put_back_contact(*, by: Actor, contact: Contact, fields: dict[str, Any]) -> None:
    """Give a contact ``fields`` again, in the running transaction."""
    present = ContactDetails(name=contact.name, phone=contact.phone, email=contact.email, role=ContactRole(contact.role), site=contact.site)
    given: dict[str, Any] = {name: fields[name] for name in ("phone", "email") if name in fields}
    if "role" in fields:
        given["role"] = ContactRole(fields["role"])
    if "site_id" in fields:
        given["site"] = Site.get_by_id(fields["site_id"]) if fields["site_id"] else None
    operations.renew_contact(by=by, contact=contact, details=replace(present, **given))


def _area(area_id: int | None) -> Area | None:
    return Area.get_by_id(area_id) if area_id else None
