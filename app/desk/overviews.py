"""The first page of a customer and of a project: what is in the registers, and what is going on there now."""

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from app.billing import billing_data
from app.callbacks import of_customers
from app.customers import contact_operations, projects
from app.customers import queries as customers
from app.customers.models import Customer
from app.machines import document_queries as documents
from app.machines import queries as machines
from app.tickets import queries as tickets
from app.tickets.queries import ANY, OPEN, TicketFilter
from app.web.auth import actor, requires
from app.web.render import render
from app.work_orders import register
from app.work_orders.register import OrderFilter

blueprint = Blueprint("overviews", __name__)

# The rest is a link away.
SHOWN = 10
CARE_SHOWN = 5


@blueprint.get("/customers/<int:customer_id>")
@requires("customers.read")
def customer(customer_id: int) -> Response:
    """One customer: key figures, open tickets, machines, sites, contacts, projects."""
    found = customers.by_id(actor(), customer_id)
    shown: dict[str, Any] = {"customer": found, "sites": customers.sites(found), "contacts": customers.contacts(found)}
    shown |= {"machines": machines.of_customer(actor(), found, SHOWN), "in_warranty": machines.covered(actor(), found)}
    shown |= {
        "sharing": customers.sharing(actor(), found),
        "projects": projects.of_customer(found, SHOWN),
        **_tickets(found),
        **_care(found),
    }
    shown["restorable"] = contact_operations.restorable(found) if actor().may("customers.edit") else []
    shown["billing"] = billing_data.of(found) if actor().may("money.read") else None
    return render("desk/customer.html", **shown)


def _tickets(found: Customer) -> dict[str, Any]:
    """The open tickets of a customer, and how many there are."""
    if not actor().may("tickets.read"):
        return {"tickets": [], "open_tickets": 0, "all_tickets": 0}
    still_open, ever = (tickets.page(actor(), TicketFilter(customer=found.id, status=status)) for status in (OPEN, ANY))
    return {"tickets": list(still_open.rows)[:SHOWN], "open_tickets": still_open.total, "all_tickets": ever.total}


def _care(found: Customer) -> dict[str, Any]:
    """How the customer was asked lately, for those who may list that."""
    if not actor().may("return_visits.list"):
        return {}
    return {
        "call_backs": of_customers.call_backs(actor(), found, CARE_SHOWN),
        "return_visits": of_customers.return_visits(actor(), found, CARE_SHOWN),
    }


@blueprint.get("/projects/<int:project_id>")
@requires("customers.read")
def project(project_id: int) -> Response:
    """One project with its machines and documents."""
    found = projects.by_id(actor(), project_id)
    shown: dict[str, Any] = {"machines": machines.of_project(actor(), found) if actor().may("machines.read") else []}
    shown["documents"] = documents.of_holder(project=found) if actor().may("documents.read") else []
    wanted = OrderFilter(project=found.id, status=register.ANY)
    shown["orders"] = register.newest(actor(), wanted, SHOWN) if actor().may("orders.read") else []
    return render("desk/project.html", project=found, **shown)
