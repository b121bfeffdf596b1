"""The first page of a customer and of a project: what is in the registers, and what is going on there now."""

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from app.customers import projects
from app.customers import queries as customers
from app.machines import document_queries as documents
from app.machines import queries as machines
from app.tickets import queries as tickets
from app.tickets.queries import OPEN, TicketFilter
from app.web.auth import actor, requires
from app.web.render import render

blueprint = Blueprint("overviews", __name__)

# The rest is a link away.
SHOWN = 10


@blueprint.get("/customers/<int:customer_id>")
@requires("customers.read")
def customer(customer_id: int) -> Response:
    """One customer with sites and contacts, machines and open tickets."""
    found = customers.by_id(actor(), customer_id)
    shown: dict[str, Any] = {"customer": found, "sites": customers.sites(found), "contacts": customers.contacts(found)}
    shown["machines"] = machines.of_customer(actor(), found, SHOWN)
    shown["tickets"] = tickets.newest(actor(), TicketFilter(customer=found.id, status=OPEN), SHOWN)
    return render("desk/customer.html", **shown)


@blueprint.get("/projects/<int:project_id>")
@requires("customers.read")
def project(project_id: int) -> Response:
    """One project with its machines and documents."""
    found = projects.by_id(actor(), project_id)
    shown: dict[str, Any] = {"machines": machines.of_project(actor(), found) if actor().may("machines.read") else []}
    shown["documents"] = documents.of_holder(project=found) if actor().may("documents.read") else []
    return render("desk/project.html", project=found, **shown)
