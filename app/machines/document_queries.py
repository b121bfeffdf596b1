"""What screens want to know of documents and of forms not handed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Area, Role, User, UserArea, UserRole
from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.files import StoredFile
from app.core.paging import Sort
from app.core.prepared import Prepared
from app.core.types import Actor, Page
from app.customers import queries as customers
from app.customers.models import Customer, Project, Site
from app.machines import queries as machines
from app.machines.models import Document, DocumentRequest, FormType, Machine, MachineModel
from app.machines.paperwork import EXPECTED

KEPT, FILED, NOT_FILED, REMOVED = "kept", "filed", "not_filed", "removed"
NO_DATE = machines.NO_DATE
SORTS = {
    "created_at": Sort(Document.created_at, lambda document: document.created_at),
    "document_on": Sort(fn.COALESCE(Document.document_on, NO_DATE), lambda document: str(document.document_on or NO_DATE)),
    "form_type": Sort(Document.form_type, lambda document: document.form_type),
    "serial": Sort(fn.COALESCE(Machine.serial, ""), lambda document: document.machine.serial if document.machine else ""),
}
DEFAULT_SORT = "-created_at"
FAR_OFF = date(9999, 12, 31)
REQUEST_SORTS = {
    "due_on": Sort(fn.COALESCE(DocumentRequest.due_on, FAR_OFF), lambda request: str(request.due_on or FAR_OFF)),
    "technician": Sort(fn.COALESCE(User.name, ""), lambda request: request.technician.name if request.technician else ""),
    "asked_at": Sort(DocumentRequest.asked_at, lambda request: request.asked_at),
    "serial": Sort(Machine.serial, lambda request: request.machine.serial),
}
DEFAULT_REQUEST_SORT = "due_on"


def visible(actor: Actor) -> ModelSelect:
    """The documents that ``actor`` may see: those of visible machines and projects, and of every model."""
    query = Document.select()
    if actor.area_ids is None:
        return query
    of_machines = machines.visible(actor).select(Machine.id)
    of_projects = Project.select(Project.id).where(Project.customer.in_(customers.visible(actor).select(Customer.id)))
    return query.where(Document.model.is_null(False) | Document.machine.in_(of_machines) | Document.project.in_(of_projects))


def by_id(actor: Actor, document_id: int) -> Document:
    """The document with its machine, model, project and file. Raises ``NotFound`` for one that ``actor`` may not see."""
    document = _joined(visible(actor)).where(Document.id == document_id).get_or_none()
    if document is None:
        raise NotFound(N_("There is no such document, or it is not for you to see."))
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """What the list is narrowed to; ``state`` is ``kept``, ``filed``, ``not_filed`` or ``removed``; days are those of handing in."""

    q: str = ""
    form_type: FormType | None = None
    state: str = KEPT
    machine: str = ""
    model: int | None = None
    project: int | None = None
    about: str = ""
    from_on: date | None = None
    to_on: date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether less than every document is shown."""
        return self != DocumentFilter(state=self.state) or self.state not in (KEPT, NOT_FILED)


def listed(actor: Actor, wanted: DocumentFilter) -> ModelSelect:
    """The documents of the list, with what stands on each row."""
    query = _in_state(_joined(visible(actor)), wanted.state)
    for column, value in (
        (Document.form_type, wanted.form_type),
        (Document.model, wanted.model),
        (Document.project, wanted.project),
        (Document.about, wanted.about or None),
        (Machine.serial, wanted.machine or None),
    ):
        query = query.where(column == value) if value is not None else query
    if wanted.from_on:
        query = query.where(Document.created_at >= clock.start_of(wanted.from_on))
    if wanted.to_on:
        query = query.where(Document.created_at < clock.end_of(wanted.to_on))
    if wanted.q:
        columns = (
            Document.title, Document.about, Document.cabinet, Document.box, Document.by_name, Machine.serial, MachineModel.name,
            Project.contract_number, Customer.name, StoredFile.name,
        )  # fmt: skip
        query = query.where(reduce(or_, [column.contains(wanted.q) for column in columns]))
    return query


def _in_state(query: ModelSelect, state: str) -> ModelSelect:
    query = query.where(Document.removed_at.is_null(state != REMOVED))
    if state in (FILED, NOT_FILED):
        query = query.where(Document.filed_at.is_null(state == NOT_FILED))
    return query


def page(actor: Actor, wanted: DocumentFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Document]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, wanted), SORTS, sort, after=after, before=before)


def of_machine(machine: Machine, limit: int) -> list[Document]:
    """The documents in the file of ``machine``, its project's too, newest first; removed ones are left out."""
    return list(_joined(Document.select().where(in_file_of(machine), Document.removed_at.is_null())).order_by(*_NEWEST).limit(limit))


def of_holder(*, model: MachineModel | None = None, project: Project | None = None, limit: int = 100) -> list[Document]:
    """The documents of a model or of a project, newest first; removed ones are left out."""
    held = (Document.model == model) if model is not None else (Document.project == project)
    return list(_joined(Document.select().where(held, Document.removed_at.is_null())).order_by(*_NEWEST).limit(limit))


def about(actor: Actor, number: str) -> list[Document]:
    """The documents about the ticket or order ``number``, oldest first; removed ones are left out."""
    if not _ids_about.rows(number):  # as is usual, and cheap to know
        return []
    query = _joined(visible(actor)).where(Document.about == number, Document.removed_at.is_null())
    return list(query.order_by(Document.created_at, Document.id).limit(100))


_ids_about = Prepared(
    lambda number: Document.select(Document.id).where(Document.about == number, Document.removed_at.is_null()).limit(1).tuples()
)


def in_file_of(machine: Machine) -> Any:
    """The condition that a document belongs to the file of ``machine``: its own, and its project's."""
    own = Document.machine == machine.id
    return own if machine.project_id is None else own | (Document.project == machine.project_id)


def forms_in_file(machine: Machine) -> frozenset[str]:
    """The kinds of form that the file of ``machine`` holds."""
    query = Document.select(Document.form_type).where(in_file_of(machine), Document.removed_at.is_null()).distinct()
    return frozenset(form_type for (form_type,) in query.tuples())


_NEWEST = (Document.created_at.desc(), Document.id.desc())


def _joined(query: ModelSelect) -> ModelSelect:
    return (
        query.select(Document, Machine, MachineModel, Project, Customer, StoredFile)
        .join_from(Document, Machine, JOIN.LEFT_OUTER)
        .join_from(Document, MachineModel, JOIN.LEFT_OUTER)
        .join_from(Document, Project, JOIN.LEFT_OUTER)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Document, StoredFile, JOIN.LEFT_OUTER)
    )


def model_by_id(model_id: int) -> MachineModel:
    """The model a document hangs on. Raises ``NotFound``."""
    model = MachineModel.get_or_none(MachineModel.id == model_id)
    if model is None:
        raise NotFound(N_("There is no such model."))
    return model


def project_by_id(actor: Actor, project_id: int) -> Project:
    """The project a document hangs on, with its customer. Raises ``NotFound`` for one that ``actor`` may not see."""
    theirs = customers.visible(actor).select(Customer.id)
    project = Project.select(Project, Customer).join(Customer).where(Project.id == project_id, Project.customer.in_(theirs)).get_or_none()
    if project is None:
        raise NotFound(N_("There is no such project, or it is not for you to see."))
    return project


# --- forms that were asked for ----------------------------------------------


def open_requests(actor: Actor, *, technician: int | None = None, form_type: FormType | None = None, q: str = "") -> ModelSelect:
    """Open requests for machines that ``actor`` may see, with machine, customer and technician (0: those without one)."""
    query = _requests(actor).where(DocumentRequest.document.is_null(), DocumentRequest.waived_at.is_null())
    if technician is not None:
        query = query.where(DocumentRequest.technician == technician if technician else DocumentRequest.technician.is_null())
    if form_type is not None:
        query = query.where(DocumentRequest.form_type == form_type)
    if q:
        columns = (Machine.serial, DocumentRequest.about, Customer.name, User.name)
        query = query.where(reduce(or_, [column.contains(q) for column in columns]))
    return query


def request_by_id(actor: Actor, request_id: int) -> DocumentRequest:
    """Raises ``NotFound`` for a request for a machine that ``actor`` may not see."""
    request = _requests(actor).where(DocumentRequest.id == request_id).get_or_none()
    if request is None:
        raise NotFound(N_("There is no such request, or it is not for you to see."))
    return request


def technicians(machine: Machine) -> list[User]:
    """Who can be asked for a form of ``machine``: the technicians of its area first, then the others."""
    query = User.select(User, UserArea.area).join(UserRole).switch(User)
    query = query.join(UserArea, JOIN.LEFT_OUTER, on=(UserArea.user == User.id) & (UserArea.area == machine.area_id), attr="near")
    found = query.where(UserRole.role == Role.TECHNICIAN, User.is_active).order_by(UserArea.area.is_null(), User.name, User.id)
    return list(found)


def requests_of_machine(actor: Actor, machine: Machine) -> list[DocumentRequest]:
    """The open requests for ``machine``, most pressing first."""
    order = (REQUEST_SORTS["due_on"].column, DocumentRequest.id)
    return list(open_requests(actor).where(DocumentRequest.machine == machine).order_by(*order))


def _requests(actor: Actor) -> ModelSelect:
    query = (
        DocumentRequest.select(DocumentRequest, Machine, Customer, User)
        .join_from(DocumentRequest, Machine)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(DocumentRequest, User, JOIN.LEFT_OUTER)
    )
    return query if actor.area_ids is None else query.where(Machine.area.in_(list(actor.area_ids)))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """How many forms a technician has yet to hand in; ``user_id`` is 0 for those that nobody was named for."""

    user_id: int
    name: str
    count: int
    overdue: int


def outstanding(actor: Actor) -> list[Outstanding]:
    """Open requests by technician, most first."""
    today = clock.today()
    counts: dict[int, list[Any]] = {}
    for request in open_requests(actor):
        name = request.technician.name if request.technician else ""
        found = counts.setdefault(request.technician_id or 0, [name, 0, 0])
        found[1] += 1
        found[2] += bool(request.due_on and request.due_on < today)
    return sorted((Outstanding(key, *values) for key, values in counts.items()), key=lambda one: (-one.count, one.name))


# --- forms that the state of a machine calls for ------------------------------


@dataclass(frozen=True, slots=True)
class Lacking:
    """A machine whose file lacks forms."""

    machine: Machine
    forms: Sequence[FormType]


def lacking(actor: Actor, *, form_type: FormType | None = None, q: str = "") -> ModelSelect:
    """The machines whose state calls for a form (``form_type``: for this one) that their file lacks; retired ones are left out."""
    rules = [one for one in EXPECTED if form_type is None or one.form_type == form_type]
    query = (
        machines.visible(actor)
        .select(Machine, MachineModel, Customer, Site, Area)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .join_from(Machine, Area, JOIN.LEFT_OUTER)
        .where(Machine.retired_on.is_null())
    )
    if not rules:
        return query.where(Machine.id.is_null())
    missing = [getattr(Machine, one.calls.value).is_null(False) & ~fn.EXISTS(_holding(one.form_type)) for one in rules]
    query = query.where(reduce(or_, missing))
    return query.where(Machine.serial.contains(q) | Customer.name.contains(q)) if q else query


def _holding(form_type: FormType) -> ModelSelect:
    held = (Document.machine == Machine.id) | (Machine.project.is_null(False) & (Document.project == Machine.project))
    return Document.select(Document.id).where(held, Document.form_type == form_type, Document.removed_at.is_null())


def lacking_page(actor: Actor, *, form_type: FormType | None, q: str, after: str | None, before: str | None) -> Page[Lacking]:
    """One page of the machines of ``lacking`` with the forms that each lacks."""
    sorts = {"serial": machines.SORTS["serial"]}
    found = paging.page_of_records(lacking(actor, form_type=form_type, q=q), sorts, "serial", after=after, before=before)
    return Page(list(missing_forms(found.rows)), found.total, found.is_total_capped, found.next_key, found.previous_key)


def missing_forms(rows: Iterable[Machine]) -> Iterable[Lacking]:
    """Each machine of ``rows`` with the forms that its state calls for and its file lacks; one query for all."""
    found = list(rows)
    query = Document.select(Document.machine, Document.project, Document.form_type).where(
        Document.removed_at.is_null(),
        Document.machine.in_([one.id for one in found]) | Document.project.in_([one.project_id for one in found if one.project_id]),
    )
    held = {("machine" if machine else "project", machine or project, form) for machine, project, form in query.tuples()}
    for machine in found:
        due = [one.form_type for one in EXPECTED if getattr(machine, one.calls.value) is not None]
        in_file = {form for kind, key, form in held if (kind, key) in (("machine", machine.id), ("project", machine.project_id))}
        yield Lacking(machine, [form for form in due if form not in in_file])
