"""What machines are found by: serial, device code and SIM number by any part, batch and model, and the names of customer and site."""

from collections.abc import Iterable, Iterator, Sequence

from peewee import JOIN

from app.core import indexing
from app.core.indexing import Document
from app.core.textsearch import mark, parts, related, tokens
from app.customers.models import Customer, Site
from app.customers.searching import CUSTOMER, MACHINES, wholes
from app.machines.models import Machine, MachineModel

TABLE = MACHINES
AREA = "a"


def stale(machines: Iterable[int]) -> None:
    """These were written or changed in the running transaction."""
    indexing.stale(TABLE, machines)


def _machines(keys: Sequence[int]) -> Iterator[Document]:
    owner = (Machine.customer, Customer.name, Customer.short_name, Site.name, Machine.area)
    query = (
        Machine.select(Machine.id, Machine.serial, Machine.device, Machine.sim_number, Machine.batch, MachineModel.name, *owner)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .where(Machine.id.in_(keys))
    )
    for key, serial, device, sim, batch, model, customer, name, short, site, area in query.tuples():
        found = parts(serial) | parts(device or "") | parts(sim) | tokens(f"{batch} {model}") | wholes(serial, device or "", sim)
        found = found.union(*(related(one) for one in (name, short, site) if one))
        found |= {mark(kind, value) for kind, value in ((CUSTOMER, customer), (AREA, area)) if value is not None}
        yield key, found


indexing.register(TABLE, Machine, _machines)
