"""What machines are found by: serial, device code and SIM number by any part, batch and model, and the names of customer and site."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from peewee import JOIN

from app.core import indexing, textsearch
from app.core.indexing import Document
from app.core.textsearch import mark, parts, related, tokens
from app.customers.models import Customer, Site
from app.customers.searching import CUSTOMER, MACHINES, MANY, wholes
from app.machines.models import Machine, MachineModel

TABLE = MACHINES
AREA = "a"


def stale(machines: Iterable[int]) -> None:
    """These were written or changed in the running transaction."""
    indexing.stale(TABLE, machines)


def fitting(query: str) -> Any:
    """The condition that a machine is found by ``query``, by its owner's name too; never for signs alone. See ``customers.searching``."""
    clauses = [[word, [term.of_related() for term in word]] for (word,) in textsearch.own(query)]
    if not clauses:
        return Machine.id.is_null()
    is_few = len(textsearch.keys(TABLE, clauses, MANY)) < MANY
    return (Machine.id if is_few else Machine.id + 0).in_(textsearch.documents(TABLE, clauses))


def _machines(keys: Sequence[int]) -> Iterator[Document]:
    owner = (Machine.customer, Customer.name, Customer.short_name, Site.name, Site.address, Machine.area)
    query = (
        Machine.select(Machine.id, Machine.serial, Machine.device, Machine.sim_number, Machine.batch, MachineModel.name, *owner)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .where(Machine.id.in_(keys))
    )
    for key, serial, device, sim, batch, model, customer, name, short, site, address, area in query.tuples():
        found = parts(serial) | parts(device or "") | parts(sim) | tokens(f"{batch} {model}") | wholes(serial, device or "", sim)
        found = found.union(*(related(one) for one in (name, short, site) if one))
        found |= textsearch.belonging(textsearch.tokens(address or ""))
        found |= {mark(kind, value) for kind, value in ((CUSTOMER, customer), (AREA, area)) if value is not None}
        yield key, found


indexing.register(TABLE, Machine, _machines)
