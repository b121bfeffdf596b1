"""Taking an import back: what it added is removed, what it changed gets back what stood there, unless something depends on it.

What depends is found by the foreign keys of all tables, so that a table that comes later is asked too; the database itself
refuses to remove what something still refers to.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from peewee import ForeignKeyField, Model, fn

from app.accounts.models import Area
from app.billing import invoice_removing, opening_imports
from app.billing.models import Invoice, InvoiceLine, Receivable
from app.core.errors import N_
from app.core.history import HistoryEntry
from app.core.import_runs import ImportedRow, ImportRun
from app.core.types import Actor
from app.customers import removing as customers
from app.customers.imports import stored
from app.customers.models import Contact, Customer, Site
from app.imports.runs import Problem
from app.machines import removing as machines
from app.machines.models import Machine, MachineModel, MachineMove
from app.parts import keeping, opening
from app.parts.models import Part, PartModel, StockMovement, Supplier
from app.tickets import past_work
from app.tickets.models import PastWork, Ticket, TicketTransition

SOMETHING_DEPENDS = N_("Something has come to depend on what this import made.")
MOST_NAMED = 20
_CHANGED_SINCE = N_("%(name)s was changed since, by %(who)s.")
_OTHER_NOW = N_("%(name)s was changed since. Put it right by hand.")
_IS_USED = N_("%(name)s is used by %(type)s %(other)s.")
_IS_USED_SOMEHOW = N_("%(name)s is used by %(type)s.")


@dataclass(frozen=True, slots=True)
class Kept:
    """What imports make of one kind: how it is called, removed, put back; ``parts`` were made and go with it.

    ``key`` is the field by which the history names it.
    """

    model: type[Model]
    name: Callable[[Any], str]
    remove: Callable[..., None]
    put_back: Callable[..., None] | None = None
    parts: tuple[type[Model], ...] = ()
    key: str = "id"


def _name(row: Any) -> str:
    return str(row.name)


KEPT: dict[str, Kept] = {
    "area": Kept(Area, _name, customers.remove_areas),
    "machine_model": Kept(MachineModel, _name, machines.remove_models),
    "customer": Kept(Customer, _name, customers.remove_customers, customers.put_back_customer),
    "site": Kept(Site, _name, customers.remove_sites, customers.put_back_site),
    "contact": Kept(Contact, _name, customers.remove_contacts, customers.put_back_contact),
    "machine": Kept(Machine, lambda row: str(row.serial), machines.remove_machines, machines.put_back_machine, key="serial"),
    "invoice": Kept(Invoice, lambda row: str(row.number), invoice_removing.remove_invoices, parts=(InvoiceLine, Receivable)),
    "part": Kept(Part, lambda row: str(row.number), keeping.remove_parts, keeping.put_back_part, parts=(PartModel,), key="number"),
    "supplier": Kept(Supplier, _name, keeping.remove_suppliers),
    "stock_movement": Kept(StockMovement, lambda row: str(row.about or row.id), opening.take_back),
    "receivable": Kept(Receivable, lambda row: str(row.about), opening_imports.remove_receivables),
    "ticket": Kept(Ticket, lambda row: str(row.number), past_work.remove, parts=(PastWork, TicketTransition), key="number"),
}
_TYPE_OF: dict[type[Model], str] = {kept.model: name for name, kept in KEPT.items()}
_WORDS = {
    "area": N_("area"),
    "machine_model": N_("model"),
    "customer": N_("customer"),
    "site": N_("site"),
    "contact": N_("contact"),
    "machine": N_("machine"),
    "ticket": N_("ticket"),
    "invoice": N_("invoice"),
    "part": N_("part"),
    "supplier": N_("supplier"),
    "stock_movement": N_("movement of stock"),
    "receivable": N_("receivable"),
}
# What else may have come to depend on it, by its table.
_OTHERS = {
    "alarm": N_("an alarm"),
    "document": N_("a document"),
    "episode": N_("an alarm"),
    "ticket_attachment": N_("a file"),
    "ticket_note": N_("a note"),
    "ticket_urging": N_("an urging"),
    "project": N_("a project"),
}
_OTHER = N_("another record")


class Obstructed(Exception):
    """Something depends on what shall be taken back; ``words`` names it."""

    def __init__(self, words: list[Problem]) -> None:
        super().__init__(words)
        self.words = words


def newest_rows(run: ImportRun, count: int) -> Iterator[ImportedRow]:
    """The rows that were made last and are not taken back yet."""
    return iter(ImportedRow.select().where(ImportedRow.run == run).order_by(ImportedRow.id.desc()).limit(count))


def take_back(*, by: Actor, rows: Sequence[ImportedRow]) -> None:
    """Take back what ``rows`` (newest first) say, in the running transaction.

    Raises ``IntegrityError`` or ``Obstructed`` when something depends on it by now.
    """
    for (object_type, is_added), group in groupby(rows, lambda row: (row.object_type, row.is_added)):
        kept, found = KEPT[object_type], list(group)
        if is_added:
            kept.remove(by=by, ids=[row.object_id for row in found])
        else:
            for row in found:
                _put_back(by, kept, row)
    ImportedRow.delete().where(ImportedRow.id.in_([row.id for row in rows])).execute()


def _put_back(by: Actor, kept: Kept, row: ImportedRow) -> None:
    record, changes = kept.model.get_or_none(kept.model.id == row.object_id), json.loads(row.before)
    if record is None or kept.put_back is None:
        return
    if stored(record, list(changes)) != {name: after for name, (_before, after) in changes.items()}:
        raise Obstructed([(row.line, _OTHER_NOW, {"name": kept.name(record)})])
    kept.put_back(by=by, **{row.object_type: record}, fields={name: before for name, (before, _after) in changes.items()})


def obstacles(run: ImportRun) -> list[Problem]:
    """What keeps ``run`` from being taken back, each with the line it came from; at most ``MOST_NAMED`` of them."""
    found: list[Problem] = []
    for part in (_changed_records(run), _changed_fields(run), _dependants(run)):
        for problem in part:
            if problem not in found:
                found.append(problem)
            if len(found) >= MOST_NAMED:
                return found
    return found


def _added(run: ImportRun, object_type: str) -> Any:
    return ImportedRow.select().where(ImportedRow.run == run, ImportedRow.object_type == object_type, ImportedRow.is_added)


def _changed_records(run: ImportRun) -> Iterator[Problem]:
    """What was added and has an entry in the history after the import's end."""
    done = HistoryEntry.select(fn.MAX(HistoryEntry.id)).where(HistoryEntry.object_type == "import", HistoryEntry.object_id == str(run.id))
    since = done.where(HistoryEntry.action == "import.done").scalar()
    if since is None:
        return
    entries = HistoryEntry.select(HistoryEntry.object_type, HistoryEntry.object_id, HistoryEntry.actor_name)
    later = entries.where(HistoryEntry.id > since, HistoryEntry.object_type.in_(list(KEPT))).distinct().tuples()
    for object_type, object_id, who in later.iterator():
        kept = KEPT[object_type]
        record = kept.model.get_or_none(getattr(kept.model, kept.key) == object_id)
        if record is not None and (row := _added(run, object_type).where(ImportedRow.object_id == record.id).first()):
            yield row.line, _CHANGED_SINCE, {"name": kept.name(record), "who": who}


def _changed_fields(run: ImportRun) -> Iterator[Problem]:
    """What was changed and has other values by now; of several changes the last one counts."""
    expected: dict[tuple[str, int], dict[str, Any]] = {}
    lines: dict[tuple[str, int], int] = {}
    for row in ImportedRow.select().where(ImportedRow.run == run, ~ImportedRow.is_added).order_by(ImportedRow.id):
        key = (row.object_type, row.object_id)
        expected[key] = expected.get(key, {}) | {name: after for name, (_before, after) in json.loads(row.before).items()}
        lines[key] = row.line
    for (object_type, object_id), fields in expected.items():
        record = KEPT[object_type].model.get_or_none(KEPT[object_type].model.id == object_id)
        if record is not None and stored(record, list(fields)) != fields:
            yield lines[(object_type, object_id)], _OTHER_NOW, {"name": KEPT[object_type].name(record)}


def _dependants(run: ImportRun) -> Iterator[Problem]:
    """Rows that refer to what was added and were not made by the same import."""
    for object_type, kept in KEPT.items():
        if not _added(run, object_type).exists():
            continue
        for field in _fields_to(kept.model):
            if field.model not in kept.parts:
                yield from _users(run, object_type, kept, field)


def _fields_to(model: type[Model]) -> list[ForeignKeyField]:
    """The columns of all tables that refer to ``model``."""
    return [field for field, _referring in model._meta.backrefs.items()]


def _users(run: ImportRun, object_type: str, kept: Kept, field: ForeignKeyField) -> Iterator[Problem]:
    other_type = _TYPE_OF.get(field.model, "")
    mine = ImportedRow.alias()
    is_mine = (mine.run == run) & (mine.object_type == object_type) & mine.is_added & (mine.object_id == field)
    query = field.model.select(field.model, mine.line.alias("line")).join(mine, on=is_mine)
    if field.model is MachineMove:  # what the import itself noted of the machines it moved
        moved = ImportedRow.select(ImportedRow.object_id).where(ImportedRow.run == run, ImportedRow.object_type == "machine")
        query = query.where(MachineMove.machine.not_in(moved))
    if other_type:
        query = query.where(field.model.id.not_in(_own(run, other_type, field)))
    for user in query.limit(MOST_NAMED).objects():
        record = kept.model.get_by_id(getattr(user, field.object_id_name))
        if other_type:
            what = {"name": kept.name(record), "type": _WORDS[other_type], "other": KEPT[other_type].name(user)}
            yield user.line, _IS_USED, what
        else:
            words = _OTHERS.get(field.model._meta.table_name, _OTHER)
            yield user.line, _IS_USED_SOMEHOW, {"name": kept.name(record), "type": words}


def _own(run: ImportRun, object_type: str, field: ForeignKeyField) -> Any:
    """Rows that the same import added, or whose ``field`` it changed: both are taken back along."""
    is_changed = ImportedRow.before.contains(f'"{field.column_name}"')
    mine = (ImportedRow.run == run) & (ImportedRow.object_type == object_type)
    return ImportedRow.select(ImportedRow.object_id).where(mine, ImportedRow.is_added | is_changed)
