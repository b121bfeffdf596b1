"""The first page of a customer and of a machine: what is in the registers, and what is going on there now."""

from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from app.customers import queries as customers
from app.machines import queries as machines
from app.monitoring import queries as monitoring
from app.tickets import queries as tickets
from app.tickets.queries import ANY, OPEN, TicketFilter
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


@blueprint.get("/machines/<serial>")
@requires("machines.read")
def machine(serial: str) -> Response:
    """The first page of a machine's file, with its last tickets and its standing alarms."""
    found = machines.by_serial(actor(), serial)
    shown: dict[str, Any] = {"machine": found, "warranty": machines.warranty_now(found)}
    shown["alarms"] = monitoring.standing_of(actor(), found)
    shown["tickets"] = []
    if actor().may("tickets.read"):
        shown["tickets"] = tickets.newest(actor(), TicketFilter(machine=found.serial, status=ANY), SHOWN)
    return render("desk/machine.html", **shown)
