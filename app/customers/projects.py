"""What screens want to know of projects: sales under way, before and after their machines exist (product.md, settled question 14)."""

from dataclasses import dataclass
from datetime import date

from peewee import JOIN, ModelSelect, Table, fn

from app.core import paging
from app.core.errors import N_, Invalid, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.customers import queries as customers
from app.customers.models import Customer, Project, Site

NO_DATE = date(1, 1, 1)
SORTS = {
    "contract_number": Sort(Project.contract_number, lambda project: project.contract_number),
    "name": Sort(Project.name, lambda project: project.name),
    "customer": Sort(Customer.name, lambda project: project.customer.name),
    "signed_on": Sort(fn.COALESCE(Project.signed_on, NO_DATE), lambda project: str(project.signed_on or NO_DATE)),
}
DEFAULT_SORT = "-signed_on"
OFFERED = 300

# The register of machines stands above this package; only these columns of it matter here.
_machine = Table("machine", ("id", "project_id"))


def visible(actor: Actor) -> ModelSelect:
    """The projects of the customers that ``actor`` may see."""
    query = Project.select()
    return query if actor.area_ids is None else query.where(Project.customer.in_(customers.visible(actor).select(Customer.id)))


def by_id(actor: Actor, project_id: int) -> Project:
    """The project with its customer and site. Raises ``NotFound`` for one that ``actor`` may not see."""
    project = _joined(visible(actor)).where(Project.id == project_id).get_or_none()
    if project is None:
        raise NotFound(N_("There is no such project, or it is not for you to see."))
    return project


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """What the list is narrowed to; ``state`` is ``waiting`` (no machine yet), ``bound`` or empty."""

    q: str = ""
    customer: int | None = None
    state: str = ""


def listed(actor: Actor, wanted: ProjectFilter) -> ModelSelect:
    """The projects of the list, each with ``machine_count``."""
    query = _joined(visible(actor))
    if wanted.customer is not None:
        query = query.where(Project.customer == wanted.customer)
    if wanted.state:
        bound = _machine.select(_machine.project_id).where(_machine.project_id.is_null(False))
        query = query.where(Project.id.in_(bound) if wanted.state == "bound" else Project.id.not_in(bound))
    if wanted.q:
        q = wanted.q
        query = query.where(
            Project.contract_number.contains(q)
            | Project.name.contains(q)
            | Project.remark.contains(q)
            | Customer.name.contains(q)
            | Customer.short_name.contains(q)
            | Site.name.contains(q)
        )
    return query


def page(actor: Actor, wanted: ProjectFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Project]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def _joined(query: ModelSelect) -> ModelSelect:
    machines = _machine.select(fn.COUNT(_machine.id)).where(_machine.project_id == Project.id)
    query = query.select(Project, Customer, Site, machines.alias("machine_count"))
    return query.join_from(Project, Customer).join_from(Project, Site, JOIN.LEFT_OUTER)


def of_customer(customer: Customer, limit: int) -> list[Project]:
    """The projects of ``customer``, the last signed first, at most ``limit``."""
    query = _joined(Project.select()).where(Project.customer == customer)
    return list(query.order_by(fn.COALESCE(Project.signed_on, NO_DATE).desc(), Project.id.desc()).limit(limit))


def named(actor: Actor, contract_number: str) -> Project:
    """The project of that sales contract. Raises ``Invalid``."""
    project = _joined(visible(actor)).where(Project.contract_number == contract_number.strip()).get_or_none()
    if project is None:
        words = N_("There is no project of this sales contract. Register it first.")
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"project": words})
    return project


def offered(actor: Actor) -> list[Project]:
    """The last projects, for a choice."""
    return list(visible(actor).order_by(Project.id.desc()).limit(OFFERED))
