"""The ticket list as CSV and as a workbook, with the work orders of its tickets (interfaces.md, ``/tickets.csv``)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, request
from peewee import JOIN
from werkzeug.wrappers import Response

from app.accounts.models import User
from app.core.errors import N_
from app.tickets import exporting, forms
from app.tickets.exporting import SentOut
from app.web import exports
from app.web.auth import actor, requires
from app.work_orders.models import WorkOrder

blueprint = Blueprint("ticket_export", __name__)


@blueprint.get("/tickets.csv")
@requires("tickets.read")
def csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("tickets", exporting.COLUMNS, _rows())


@blueprint.get("/tickets.xlsx")
@requires("tickets.read")
def xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("tickets", N_("Tickets"), exporting.COLUMNS, _rows(), labels=exporting.LABELS)


def _rows() -> Iterator[list[Any]]:
    me = actor()
    return exporting.rows(me, forms.wanted_from(request.args, me.user_id), _orders_of)


def _orders_of(ticket_ids: Sequence[int]) -> Mapping[int, SentOut]:
    query = WorkOrder.select(WorkOrder.ticket, WorkOrder.number, User.name).join(User, JOIN.LEFT_OUTER, on=WorkOrder.lead)
    found = query.where(WorkOrder.ticket.in_(list(ticket_ids))).order_by(WorkOrder.id).tuples()
    return {ticket_id: SentOut(number, name or "") for ticket_id, number, name in found}
