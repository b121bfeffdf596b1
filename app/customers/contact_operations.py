"""Looking at a phone number, merging and removing contacts, and taking that back within a day."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from peewee import ForeignKeyField, Model

from app.core import clock, db, history, indexing, live
from app.core.errors import N_, Conflict, Invalid
from app.core.history import HistoryEntry, HistoryPersonal
from app.core.types import Actor
from app.customers import searching
from app.customers.models import Contact, ContactRole, Customer

UNDO_WITHIN = timedelta(days=1)
REMOVED, MERGED, RESTORED = "customer.contact_removed", "customer.contact_merged", "customer.contact_restored"
_PERSONAL = ("name", "phone", "email")


def unmask_phone(*, by: Actor, contact: Contact) -> str:
    """The whole number of a contact; who looked stands in the history (security §6). Raises ``NotAllowed``."""
    by.require("personal.unmask")
    with db.transaction():
        history.record(by, "customer.phone_unmasked", "customer", contact.customer_id, after={"contact_id": contact.id})
    return str(contact.phone)


def references(contact: Contact) -> dict[str, list[int]]:
    """What refers to ``contact``: ids by ``table.column``, from every package that the program has loaded."""
    found = {}
    for model, field in _referring():
        ids = [key for (key,) in model.select(model._meta.primary_key).where(field == contact.id).tuples()]
        if ids:
            found[f"{model._meta.table_name}.{field.column_name}"] = ids
    return found


def _referring() -> Iterator[tuple[type[Model], ForeignKeyField]]:
    for field, model in Contact._meta.backrefs.items():
        if model._meta.table_name and model._meta.primary_key:
            yield model, field


def remove_contact(*, by: Actor, contact: Contact, version: int) -> None:
    """Remove a contact that nothing refers to; ``version`` is the customer's.

    Raises ``Conflict`` when something does or the customer was changed meanwhile, ``NotAllowed``.
    """
    by.require("customers.edit")
    with db.transaction():
        if references(contact):
            raise Conflict(N_("Tickets name this contact, so it stays. Merge it with another contact instead."))
        _claim(contact, version)
        _record(by, REMOVED, contact, _kept(contact))
        _delete(contact)


def merge_contacts(*, by: Actor, gone: Contact, kept: Contact, version: int) -> None:
    """Make one contact of two of the same customer: what refers to ``gone`` refers to ``kept``, which gets what it lacks.

    Raises ``Invalid``, ``Conflict`` when the customer was changed meanwhile, ``NotAllowed``.
    """
    by.require("customers.edit")
    if gone.id == kept.id or gone.customer_id != kept.customer_id:
        raise Invalid(
            N_("Choose another contact of the same customer."), fields={"into": N_("Choose another contact of the same customer.")}
        )
    with db.transaction():
        _claim(gone, version)
        moved = references(gone)
        _point(moved, from_id=gone.id, to_id=kept.id)
        _record(by, MERGED, gone, _kept(gone) | {"into": kept.id, "moved": moved})
        _delete(gone)
        _complete(kept, gone)


def _complete(kept: Contact, gone: Contact) -> None:
    """Give ``kept`` what it lacks; who wants no broadcasts is not sent any under another name."""
    changes: dict[str, Any] = {name: getattr(gone, name) for name in ("phone", "email", "site_id") if not getattr(kept, name)}
    changes = {name.removesuffix("_id"): value for name, value in changes.items() if value}
    if kept.role == ContactRole.OTHER:
        changes["role"] = gone.role
    changes["takes_no_broadcasts"] = kept.takes_no_broadcasts or gone.takes_no_broadcasts
    Contact.update(**changes).where(Contact.id == kept.id).execute()
    searching.stale(contacts=[kept.id])


def restorable(customer: Customer, at: datetime | None = None) -> list[HistoryEntry]:
    """What was removed or merged of this customer's contacts within a day and not taken back, newest first; ``name`` says who."""
    since = (at or clock.now()) - UNDO_WITHIN
    of_customer = (HistoryEntry.object_type == "customer") & (HistoryEntry.object_id == str(customer.id)) & (HistoryEntry.at > since)
    query = HistoryEntry.select().where(of_customer & HistoryEntry.action.in_((REMOVED, MERGED, RESTORED)))
    entries = list(query.order_by(HistoryEntry.id.desc()))
    back = {json.loads(entry.after)["entry"] for entry in entries if entry.action == RESTORED}
    found = [entry for entry in entries if entry.action != RESTORED and entry.id not in back]
    names = HistoryPersonal.select().where(HistoryPersonal.entry.in_([entry.id for entry in found]), HistoryPersonal.field == "name")
    clear = {row.entry_id: row.value for row in names}
    for entry in found:
        entry.name = clear.get(entry.id, "")
    return [entry for entry in found if entry.name]


def restore_contact(*, by: Actor, customer: Customer, entry_id: int, at: datetime | None = None) -> None:
    """Take the removal or merging of a contact back: it is there again, with what still refers to the one it was merged into.

    Raises ``Conflict`` when that is more than a day ago or was taken back already, ``NotAllowed``.
    """
    by.require("customers.edit")
    with db.transaction():
        entry = next((one for one in restorable(customer, at) if one.id == entry_id), None)
        if entry is None:
            raise Conflict(N_("This can no longer be taken back."))
        after = json.loads(entry.after)
        clear = dict(HistoryPersonal.select(HistoryPersonal.field, HistoryPersonal.value).where(HistoryPersonal.entry == entry_id).tuples())
        fields = {name: clear.get(name, "") for name in _PERSONAL}
        if (
            Contact.select()
            .where((Contact.customer == customer) & (Contact.name == fields["name"]) & (Contact.phone == fields["phone"]))
            .exists()
        ):
            raise Conflict(N_("There is a contact of this name and number already."))
        contact = Contact(id=after["contact_id"], customer=customer, role=after["role"], site=after["site_id"], **fields)
        contact.takes_no_broadcasts = after["takes_no_broadcasts"]
        contact.save(force_insert=True)
        _point(after.get("moved", {}), from_id=after.get("into"), to_id=contact.id)
        history.record(by, RESTORED, "customer", customer.id, after={"contact_id": contact.id, "entry": entry_id})
        Customer.update(version=Customer.version + 1).where(Customer.id == customer.id).execute()
        searching.stale(contacts=[contact.id])
        live.touch("customers")


def _point(moved: dict[str, list[int]], *, from_id: int | None, to_id: int) -> None:
    """Let those of ``moved`` that refer to ``from_id`` refer to ``to_id``; their search documents follow."""
    for model, field in _referring():
        ids = moved.get(f"{model._meta.table_name}.{field.column_name}")
        if not ids:
            continue
        model.update({field: to_id}).where(model._meta.primary_key.in_(ids) & (field == from_id)).execute()
        for index in indexing.all_indexes():
            if index.model is model:
                indexing.stale(index.table, ids)
        live.touch(f"{model._meta.table_name}s")


def _kept(contact: Contact) -> dict[str, Any]:
    """What the history keeps of a contact that goes, so that it can come back."""
    return {
        "contact_id": contact.id,
        "role": str(contact.role),
        "site_id": contact.site_id,
        "takes_no_broadcasts": bool(contact.takes_no_broadcasts),
    }


def _record(by: Actor, action: str, contact: Contact, after: dict[str, Any]) -> None:
    personal = {name: getattr(contact, name) for name in _PERSONAL if getattr(contact, name)}
    history.record(by, action, "customer", contact.customer_id, after=after, personal=personal)


def _delete(contact: Contact) -> None:
    Contact.delete().where(Contact.id == contact.id).execute()
    searching.stale(contacts=[contact.id])
    live.touch("customers")


def _claim(contact: Contact, version: int) -> None:
    same = (Customer.id == contact.customer_id) & (Customer.version == version)
    if Customer.update(version=Customer.version + 1).where(same).execute() != 1:
        raise Conflict(N_("Somebody else changed this customer meanwhile. Look at the present state, then decide again."))
