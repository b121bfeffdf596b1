"""Screens of customers, their sites and contacts."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import places
from app.core import paging
from app.core.errors import N_, Conflict
from app.customers import forms, operations, queries
from app.customers.models import Customer, CustomerKind
from app.customers.queries import Filters
from app.web import exports
from app.web.auth import actor, requires
from app.web.forms import differences, sent
from app.web.render import render, see_other

blueprint = Blueprint("customers", __name__)

COLUMNS = ("name", "short_name", "tax_number", "kind", "area", "sites", "machines")


@blueprint.get("/customers")
@requires("customers.read")
def index() -> Response:
    """The list of customers."""
    given = request.args
    page = queries.page(actor(), _wanted(), sort=_sort(), after=given.get("after"), before=given.get("before"))
    areas = [(area.id, area.name) for area in queries.areas()]
    shown: dict[str, Any] = {"page": page, "wanted": _wanted(), "sort": _sort(), "areas": areas}
    return render("customers/index.html", fragment="customers/_list.html", **shown)


@blueprint.get("/customers.csv")
@requires("customers.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("customers", COLUMNS, _rows())


@blueprint.get("/customers.xlsx")
@requires("customers.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("customers", N_("Customers"), COLUMNS, _rows(), labels={"kind": "CustomerKind"})


def _wanted() -> Filters:
    given = request.args
    kind = given.get("kind", "")
    return Filters(given.get("q", "").strip()[:100], given.get("area", type=int), kind if kind in list(CustomerKind) else "")


def _sort() -> str:
    return request.args.get("sort") or queries.DEFAULT_SORT


def _rows() -> list[list[Any]]:
    found = paging.whole(queries.listed(actor(), _wanted()), queries.SORTS, _sort())
    return [[c.name, c.short_name, c.tax_number, c.kind, c.area.name if c.area else "", c.site_count, c.machine_count] for c in found]


@blueprint.route("/customers/new", methods=["GET", "POST"])
@requires("customers.edit")
def new() -> Response:
    """Register a customer; the same form sent again leads to the same customer."""
    form, made = forms.form_of(None), []
    form.offer(queries.areas())
    done = sent(form, lambda: made.append(operations.create_customer(by=actor(), details=form.details(), form_token=form.form_token.data)))
    if done.is_done:
        flash(_("%(name)s is registered.", name=made[0].name), "message")
        return _to(made[0])
    return render("customers/new.html", form=form, problem=done.problem, status=done.status)


@blueprint.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@requires("customers.edit")
def edit(customer_id: int) -> Response:
    """Change a customer."""
    found = queries.by_id(actor(), customer_id)
    form = forms.form_of(found)
    form.offer(queries.areas())
    done = sent(form, lambda: operations.edit_customer(by=actor(), customer=found, version=form.version.data, details=form.details()))
    if done.is_done:
        return _saved(found)
    present = _present(customer_id, form) if done.status == Conflict.status else []
    return render("customers/edit.html", form=form, customer=found, problem=done.problem, present=present, status=done.status)


def _present(customer_id: int, typed: forms.CustomerForm) -> list[tuple[str, str]]:
    stored = forms.form_of(queries.by_id(actor(), customer_id), formdata=None)
    stored.offer(queries.areas())
    return differences(typed, stored)


@blueprint.route("/customers/<int:customer_id>/sites/new", methods=["GET", "POST"])
@requires("customers.edit")
def new_site(customer_id: int) -> Response:
    """Add a site."""
    found = queries.by_id(actor(), customer_id)
    form = forms.site_form_of(found, None)
    form.offer(queries.areas(), places.station_choices())
    done = sent(form, lambda: operations.add_site(by=actor(), customer=found, details=form.details()))
    if done.is_done:
        return _saved(found)
    return render("customers/site.html", form=form, customer=found, site=None, problem=done.problem, status=done.status)


@blueprint.route("/customers/<int:customer_id>/sites/<int:site_id>", methods=["GET", "POST"])
@requires("customers.edit")
def edit_site(customer_id: int, site_id: int) -> Response:
    """Change a site."""
    found = queries.by_id(actor(), customer_id)
    site = queries.site_by_id(found, site_id)
    form = forms.site_form_of(found, site)
    form.offer(queries.areas(), places.station_choices(site.station_id))
    done = sent(form, lambda: operations.edit_site(by=actor(), site=site, version=form.version.data, details=form.details()))
    if done.is_done:
        return _saved(found)
    return render("customers/site.html", form=form, customer=found, site=site, problem=done.problem, status=done.status)


@blueprint.route("/customers/<int:customer_id>/contacts/new", methods=["GET", "POST"])
@requires("customers.edit")
def new_contact(customer_id: int) -> Response:
    """Add a person."""
    found = queries.by_id(actor(), customer_id)
    form = forms.contact_form_of(found, None)
    form.offer(queries.sites(found))
    done = sent(form, lambda: operations.add_contact(by=actor(), customer=found, details=form.details()))
    if done.is_done:
        return _saved(found)
    return render("customers/contact.html", form=form, customer=found, contact=None, problem=done.problem, status=done.status)


@blueprint.route("/customers/<int:customer_id>/contacts/<int:contact_id>", methods=["GET", "POST"])
@requires("customers.edit")
def edit_contact(customer_id: int, contact_id: int) -> Response:
    """Change a person."""
    found = queries.by_id(actor(), customer_id)
    contact = queries.contact_by_id(found, contact_id)
    form = forms.contact_form_of(found, contact)
    form.offer(queries.sites(found))
    done = sent(
        form, lambda: operations.edit_contact(by=actor(), contact=contact, version=form.version.data, details=form.details(contact))
    )
    if done.is_done:
        return _saved(found)
    return render("customers/contact.html", form=form, customer=found, contact=contact, problem=done.problem, status=done.status)


def _to(found: Customer) -> Response:
    return see_other(url_for("overviews.customer", customer_id=found.id))


def _saved(found: Customer) -> Response:
    flash(_("Saved."), "message")
    return _to(found)
