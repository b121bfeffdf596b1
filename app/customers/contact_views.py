"""What is done with contacts that are there: look at a number, merge, remove, take back."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Conflict, Invalid
from app.customers import contact_operations, queries
from app.customers.models import Contact, Customer
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other

blueprint = Blueprint("contacts", __name__)


@blueprint.post("/contacts/<int:contact_id>/unmasking")
@requires("personal.unmask")
def unmask(contact_id: int) -> Response:
    """Show a phone number whole; the answer itself shows it, so that it stands in no address."""
    contact = queries.visible_contact(actor(), contact_id)
    phone = contact_operations.unmask_phone(by=actor(), contact=contact)
    response = render("customers/unmasked.html", fragment="customers/_phone.html", contact=contact, phone=phone)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/customers/<int:customer_id>/contacts/<int:contact_id>/merging")
@requires("customers.edit")
def merging(customer_id: int, contact_id: int) -> Response:
    """Choose the contact that stays."""
    customer, contact = _found(customer_id, contact_id)
    return _merging(customer, contact)


@blueprint.post("/customers/<int:customer_id>/contacts/<int:contact_id>/merging")
@requires("customers.edit")
def merge(customer_id: int, contact_id: int) -> Response:
    """Merge a contact into the one that was chosen."""
    customer, gone = _found(customer_id, contact_id)
    try:
        kept = _chosen(customer)
        contact_operations.merge_contacts(by=actor(), gone=gone, kept=kept, version=_version())
    except (Conflict, Invalid) as error:
        return _merging(customer, gone, status=error.status, problem=words(error))
    flash(_("%(gone)s is now one with %(kept)s. Within a day this can be taken back below the contacts.", gone=gone.name, kept=kept.name))
    return _to(customer)


def _chosen(customer: Customer) -> Contact:
    into = request.form.get("into", "")
    if not (into.isdecimal() and len(into) < 10):
        raise Invalid(N_("Choose the contact that stays."), fields={"into": N_("Choose the contact that stays.")})
    return queries.contact_by_id(customer, int(into))


@blueprint.post("/customers/<int:customer_id>/contacts/<int:contact_id>/removal")
@requires("customers.edit")
def remove(customer_id: int, contact_id: int) -> Response:
    """Remove a contact that nothing refers to."""
    customer, contact = _found(customer_id, contact_id)
    contact_operations.remove_contact(by=actor(), contact=contact, version=_version())
    flash(_("%(name)s is removed. Within a day this can be taken back below the contacts.", name=contact.name))
    return _to(customer)


@blueprint.post("/customers/<int:customer_id>/contacts/restoration")
@requires("customers.edit")
def restore(customer_id: int) -> Response:
    """Take a removal or merging back."""
    customer = queries.by_id(actor(), customer_id)
    contact_operations.restore_contact(by=actor(), customer=customer, entry_id=request.form.get("entry", 0, int))
    flash(_("The contact is there again."))
    return _to(customer)


def _found(customer_id: int, contact_id: int) -> tuple[Customer, Contact]:
    customer = queries.by_id(actor(), customer_id)
    return customer, queries.contact_by_id(customer, contact_id)


def _merging(customer: Customer, contact: Contact, *, status: int = 200, problem: str = "") -> Response:
    others = [other for other in queries.contacts(customer) if other.id != contact.id]
    likely = [other for other in others if other.name == contact.name or (contact.phone and other.phone == contact.phone)]
    shown: dict[str, Any] = {"others": others, "chosen": request.form.get("into", type=int) or (likely[0].id if likely else None)}
    counts = sum(len(ids) for ids in contact_operations.references(contact).values())
    return render("customers/merging.html", customer=customer, contact=contact, references=counts, status=status, problem=problem, **shown)


def _version() -> int:
    return request.form.get("version", 0, int)


def _to(customer: Customer) -> Response:
    return see_other(url_for("overviews.customer", customer_id=customer.id))
