"""What customers, sites, contacts and projects are found by: names with their pinyin, numbers by any part, and whose they are."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from peewee import Table

from app.core import db, indexing, textsearch
from app.core.indexing import Document
from app.core.textsearch import mark, name_tokens, normal, parts, related, tokens
from app.customers.models import Contact, Customer, Project, Site

CUSTOMERS, SITES, CONTACTS, PROJECTS = "customer_search", "site_search", "contact_search", "project_search"
# The register of machines stands above this package: only which of them carry a name of here matters.
MACHINES = "machine_search"
_machine = Table("machine", ("id", "customer_id", "site_id"))
# The mark of a whole identifier or name, and that of the customer something belongs to.
WHOLE, CUSTOMER = "w", "c"
MANY = 500


def stale(*, customers: Iterable[int] = (), sites: Iterable[int] = (), contacts: Iterable[int] = (), projects: Iterable[int] = ()) -> None:
    """These were written, changed or deleted in the running transaction."""
    for table, keys in ((CUSTOMERS, customers), (SITES, sites), (CONTACTS, contacts), (PROJECTS, projects)):
        if keys:
            indexing.stale(table, keys)


def renamed(customer: Customer) -> None:
    """What belongs to ``customer`` is found by its new name when the running transaction commits."""
    owned = ((SITES, Site.select(Site.id)), (CONTACTS, Contact.select(Contact.id)), (PROJECTS, Project.select(Project.id)))
    for table, query in owned:
        indexing.stale(table, _keys(query.where(query.model.customer == customer)))
    _stale_machines(_machine.customer_id == customer.id)


def renamed_site(site: Site) -> None:
    """The site and its machines are found by its new name when the running transaction commits."""
    stale(sites=[site.id])
    _stale_machines(_machine.site_id == site.id)


def _stale_machines(condition: Any) -> None:
    keys = _keys(_machine.select(_machine.id).where(condition).bind(db.database))
    if keys:
        indexing.stale(MACHINES, keys)


def _keys(query: Any) -> list[int]:
    return [key for (key,) in query.tuples()]


def fitting(query: str) -> Any:
    """The condition that a customer, one of its sites or one of its people is found by ``query``; never for signs alone.

    Few are looked up one by one. Many are dense enough to be met in the order of the list: the sum keeps the key's index away.
    """
    by_name, by_part = textsearch.own(query), textsearch.own_or_related(query)
    if not by_name:
        return Customer.id.is_null()
    searched = ((CUSTOMERS, by_name), (SITES, by_part), (CONTACTS, by_part))
    is_few = all(len(textsearch.keys(table, clauses, MANY)) < MANY for table, clauses in searched)
    found = [textsearch.documents(table, clauses) for table, clauses in searched]
    key = Customer.id if is_few else Customer.id + 0
    places = Site.select(Site.customer).where(Site.id.in_(found[1]))
    people = Contact.select(Contact.customer).where(Contact.id.in_(found[2]))
    return key.in_(found[0]) | key.in_(places) | key.in_(people)


def names(*written: str) -> set[str]:
    """The tokens of names."""
    return set().union(*map(name_tokens, written))


def wholes(*written: str) -> set[str]:
    """The marks of whole identifiers and names."""
    return {mark(WHOLE, normal(one)) for one in written if one}


def _customers(keys: Sequence[int]) -> Iterator[Document]:
    columns = (Customer.id, Customer.name, Customer.short_name, Customer.tax_number)
    for key, name, short, number in Customer.select(*columns).where(Customer.id.in_(keys)).tuples():
        yield key, names(name, short) | parts(number or "") | wholes(name, short, number or "")


def _sites(keys: Sequence[int]) -> Iterator[Document]:
    columns = (Site.id, Site.name, Site.address, Customer.id, Customer.name, Customer.short_name)
    for key, name, address, owner, *owner_names in Site.select(*columns).join(Customer).where(Site.id.in_(keys)).tuples():
        found = names(name) | tokens(address) | wholes(name, address)
        yield key, found.union(*map(related, owner_names), {mark(CUSTOMER, owner)})


def _contacts(keys: Sequence[int]) -> Iterator[Document]:
    columns = (Contact.id, Contact.name, Contact.phone, Contact.email, Customer.id, Customer.name, Customer.short_name)
    query = Contact.select(*columns).join(Customer).where(Contact.id.in_(keys)).tuples()
    for key, name, phone, email, owner, *owner_names in query:
        found = names(name) | parts(phone) | tokens(email) | wholes(name, phone)
        yield key, found.union(*map(related, owner_names), {mark(CUSTOMER, owner)})


def _projects(keys: Sequence[int]) -> Iterator[Document]:
    columns = (Project.id, Project.contract_number, Project.name, Project.remark, Customer.id, Customer.name, Customer.short_name)
    query = Project.select(*columns).join(Customer).where(Project.id.in_(keys)).tuples()
    for key, number, name, remark, owner, *owner_names in query:
        found = parts(number) | names(name) | tokens(remark) | wholes(number, name)
        yield key, found.union(*map(related, owner_names), {mark(CUSTOMER, owner)})


indexing.register(CUSTOMERS, Customer, _customers)
indexing.register(SITES, Site, _sites)
indexing.register(CONTACTS, Contact, _contacts)
indexing.register(PROJECTS, Project, _projects)
