"""What the register tells of a machine: documents, moves, terminals, and the dates of its life."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from peewee import JOIN, ModelSelect

from app.core import clock
from app.core.errors import N_
from app.core.files import StoredFile
from app.customers.models import Customer, Site
from app.machine_files.timeline import EntryKind, Few, Rows
from app.machines import terms
from app.machines.models import Document, Machine, MachineMove, TerminalChange
from app.machines.warranty import Basis, prolonged, warranty_on


def _documents(column: Any) -> Any:
    def query(place: Any) -> ModelSelect:
        found = Document.select(Document, StoredFile).join(StoredFile, JOIN.LEFT_OUTER)
        return found.where(column == place, Document.removed_at.is_null())

    return query


_DOCUMENT_WORDS = (Document.title, Document.about, Document.cabinet, Document.box, Document.by_name, StoredFile.name)
DOCUMENTS = EntryKind(
    name="document",
    label=N_("Documents"),
    icon="file-text",
    permission="documents.read",
    template="machine_files/entries/machine.html",
    sources=(
        Rows(name="document", query=_documents(Document.machine), at=Document.created_at, id=Document.id, searched=_DOCUMENT_WORDS),
        Rows(
            name="project_document",
            query=_documents(Document.project),
            at=Document.created_at,
            id=Document.id,
            searched=_DOCUMENT_WORDS,
            of=attrgetter("project_id"),
        ),
    ),
    href=lambda document: f"/documents/{document.id}",
    picture=lambda document: f"/documents/{document.id}/file?preview=1",
)


_to_customer, _from_customer = Customer.alias("to_customer"), Customer.alias("from_customer")
_to_site, _from_site = Site.alias("to_site"), Site.alias("from_site")


def _moves(machine_id: Any) -> ModelSelect:
    joins = (
        (_to_customer, MachineMove.to_customer), (_from_customer, MachineMove.from_customer),
        (_to_site, MachineMove.to_site), (_from_site, MachineMove.from_site),
    )  # fmt: skip
    query = MachineMove.select(MachineMove, *(other for other, _column in joins))
    for other, column in joins:
        query = query.join_from(MachineMove, other, JOIN.LEFT_OUTER, on=(column == other.id), attr=column.name)
    return query.where(MachineMove.machine == machine_id)


MOVES = EntryKind(
    name="move",
    label=N_("Moves"),
    icon="truck",
    permission="machines.read",
    template="machine_files/entries/machine.html",
    sources=(
        Rows(
            name="move",
            query=_moves,
            at=MachineMove.at,
            id=MachineMove.id,
            searched=(MachineMove.reason, MachineMove.by_name, _to_customer.name, _from_customer.name, _to_site.name, _from_site.name),
        ),
    ),
    tone=lambda _move: "strong",
    is_for_customers=lambda _move: False,  # it names the customer before
)
TERMINALS = EntryKind(
    name="terminal",
    label=N_("Terminal changes"),
    icon="server-2",
    permission="machines.read",
    template="machine_files/entries/machine.html",
    sources=(
        Rows(
            name="terminal",
            query=lambda machine_id: TerminalChange.select().where(TerminalChange.machine == machine_id),
            at=TerminalChange.at,
            id=TerminalChange.id,
            searched=(
                TerminalChange.old_device, TerminalChange.new_device, TerminalChange.sim_number,
                TerminalChange.reason, TerminalChange.by_name,
            ),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Milestone:
    """A date of a machine's life; ``until`` is the last day of the warranty that begins there."""

    name: str
    on: date
    until: date | None = None


MILESTONES_IN_ORDER = ("registered", "shipped", "accepted", "warranty", "retired")


def _milestones(machine: Machine) -> Iterator[tuple[datetime, int, Milestone, str]]:
    registered_on = clock.day_of(machine.created_at)
    found = warranty_on(registered_on, accepted_on=machine.accepted_on, shipped_on=machine.shipped_on, months=machine.warranty_months)
    dates = {"shipped": machine.shipped_on, "accepted": machine.accepted_on, "warranty": found.from_on, "retired": machine.retired_on}
    last_on = prolonged(found, terms.extended([machine.id]).get(machine.id), registered_on).last_on
    yield machine.created_at, 1, Milestone("registered", registered_on), f"{registered_on} 建档 registered"
    for name, on in dates.items():
        if on is not None:
            until = last_on if name == "warranty" else None
            basis = "acceptance" if found.basis is Basis.ACCEPTANCE else "delivery"
            yield clock.start_of(on), MILESTONES_IN_ORDER.index(name) + 1, Milestone(name, on, until), f"{on} {name} {basis}"


MILESTONES = EntryKind(
    name="milestone",
    label=N_("Milestones"),
    icon="clipboard-text",
    permission="machines.read",
    template="machine_files/entries/machine.html",
    sources=(Few(name="milestone", given=_milestones),),
    is_by_day=True,
    who=lambda _milestone: "",
)
