"""What screens want to know of customers, sites and contacts."""

from dataclasses import dataclass

from peewee import JOIN, ModelSelect, Table, fn

from app.accounts.models import Area, Station
from app.core import paging
from app.core.errors import N_, Invalid, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers import searching
from app.customers.models import Contact, ContactRole, Customer, Site

SORTS = {
    "name": Sort(Customer.name, lambda customer: customer.name),
    "short_name": Sort(Customer.short_name, lambda customer: customer.short_name),
    "area": Sort(fn.COALESCE(Area.name, ""), lambda customer: customer.area.name if customer.area else ""),
    "created_at": Sort(Customer.created_at, lambda customer: customer.created_at),
}
DEFAULT_SORT = "name"

# The register of machines stands above this package; only these columns of it matter here.
_machine = Table("machine", ("id", "customer_id", "site_id", "area_id"))


def visible(actor: Actor) -> ModelSelect:
    """The customers that ``actor`` may see: all, or those that are, or have a site or machine, in the areas the actor works in."""
    query = Customer.select()
    if actor.area_ids is None:
        return query
    areas = list(actor.area_ids)
    with_site = Site.select(Site.customer).where(Site.area.in_(areas))
    with_machine = _machine.select(_machine.customer_id).where(_machine.area_id.in_(areas) & _machine.customer_id.is_null(False))
    return query.where(Customer.area.in_(areas) | Customer.id.in_(with_site) | Customer.id.in_(with_machine))


def by_id(actor: Actor, customer_id: int) -> Customer:
    """The customer with its area. Raises ``NotFound`` for one that ``actor`` may not see."""
    customer = _joined(visible(actor)).where(Customer.id == customer_id).get_or_none()
    if customer is None:
        raise NotFound(N_("There is no such customer, or it is not for you to see."))
    return customer


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list of customers is narrowed to; empty values do not narrow."""

    q: str = ""
    area: int | None = None
    kind: str = ""


def listed(actor: Actor, filters: Filters) -> ModelSelect:
    """The customers of the list, each with ``site_count`` and ``machine_count``."""
    query = _joined(visible(actor))
    if filters.area is not None:
        query = query.where(Customer.area == filters.area)
    if filters.kind:
        query = query.where(Customer.kind == filters.kind)
    return query.where(searching.fitting(filters.q)) if filters.q else query


def _joined(query: ModelSelect) -> ModelSelect:
    sites = Site.select(fn.COUNT(Site.id)).where(Site.customer == Customer.id)
    machines = _machine.select(fn.COUNT(_machine.id)).where(_machine.customer_id == Customer.id)
    columns = (Customer, Area, sites.alias("site_count"), machines.alias("machine_count"))
    return query.select(*columns).join_from(Customer, Area, JOIN.LEFT_OUTER)


def page(
    actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None
) -> Page[Customer]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, filters), SORTS, sort, after=after, before=before)


def named(actor: Actor, words: str) -> Customer:
    """The one customer whose full or short name is ``words``. Raises ``Invalid`` for none or several."""
    found = list(visible(actor).where((Customer.name == words) | (Customer.short_name == words)).limit(2))
    if len(found) != 1:
        message = N_("No customer is called exactly that; use the full or the short name.")
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"customer": message})
    return found[0]


def site_named(customer: Customer | None, name: str) -> Site:
    """The site of ``customer`` called ``name``. Raises ``Invalid``."""
    site = Site.get_or_none(Site.customer == customer, Site.name == name) if customer else None
    if site is None:
        words = N_("The customer has no site of this name. Add it on the customer's page first.")
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"site": words})
    return site


def sites(customer: Customer) -> list[Site]:
    """The customer's sites with their areas and stations, by name, each with ``machine_count``."""
    machines = _machine.select(fn.COUNT(_machine.id)).where(_machine.site_id == Site.id)
    query = Site.select(Site, Area, Station, machines.alias("machine_count"))
    query = query.join_from(Site, Area, JOIN.LEFT_OUTER).join_from(Site, Station, JOIN.LEFT_OUTER)
    return list(query.where(Site.customer == customer).order_by(Site.name))


def contacts(customer: Customer) -> list[Contact]:
    """The customer's contacts with their sites, by position, then by name."""
    found = Contact.select(Contact, Site).join(Site, JOIN.LEFT_OUTER).where(Contact.customer == customer)
    order = list(ContactRole)
    return sorted(found, key=lambda contact: (order.index(contact.role), contact.name))


def site_by_id(customer: Customer, site_id: int) -> Site:
    """A site of ``customer``. Raises ``NotFound``."""
    site = Site.get_or_none(Site.id == site_id, Site.customer == customer)
    if site is None:
        raise NotFound(N_("There is no such site."))
    return site


def contact_by_id(customer: Customer, contact_id: int) -> Contact:
    """A contact of ``customer``. Raises ``NotFound``."""
    contact = Contact.get_or_none(Contact.id == contact_id, Contact.customer == customer)
    if contact is None:
        raise NotFound(N_("There is no such contact."))
    return contact


def visible_contact(actor: Actor, contact_id: int) -> Contact:
    """The contact with its customer. Raises ``NotFound`` for one of a customer that ``actor`` may not see."""
    customers = visible(actor).select(Customer.id)
    query = Contact.select(Contact, Customer).join(Customer).where((Contact.id == contact_id) & Contact.customer.in_(customers))
    contact = query.get_or_none()
    if contact is None:
        raise NotFound(N_("There is no such contact."))
    return contact


def sharing(actor: Actor, customer: Customer) -> dict[str, list[Customer]]:
    """The other customers that ``actor`` may see whose contacts have a phone number of ``customer``'s contacts, by number."""
    numbers = Contact.select(Contact.phone).where((Contact.customer == customer) & (Contact.phone != ""))
    query = Contact.select(Contact.phone, Customer.id, Customer.name).join(Customer).where(Contact.phone.in_(numbers))
    query = query.where((Contact.customer != customer) & Contact.customer.in_(visible(actor).select(Customer.id)))
    found: dict[str, list[Customer]] = {}
    for phone, customer_id, name in query.distinct().order_by(Customer.name).tuples():
        found.setdefault(phone, []).append(Customer(id=customer_id, name=name))
    return found


def areas() -> list[Area]:
    """All areas, by name."""
    return list(Area.select().order_by(Area.name))
