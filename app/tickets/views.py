"""The ticket list and opening a ticket; the page of one ticket brings several capabilities together and stands in ``desk``."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.customers import queries as customers
from app.tickets import children, forms, queries, reasons
from app.tickets.models import Ticket, TicketSource
from app.web.auth import actor, requires
from app.web.i18n import language
from app.web.render import live_tag, render, tagged, unchanged

blueprint = Blueprint("tickets", __name__)


@blueprint.app_template_filter("ticket_title")
def ticket_title(ticket: Ticket | queries.TicketRow) -> str:
    """The title in the reader's language."""
    return reasons.title_in(ticket.title, ticket.reason, language())


@blueprint.app_template_filter("ticket_broods")
def ticket_broods(rows: Sequence[queries.TicketRow]) -> dict[int, children.Brood]:
    """What stands under those of ``rows`` that are about no machine but came from monitoring: they may be parents."""
    return children.broods(row.id for row in rows if row.serial is None and row.source == TicketSource.MONITORING)


@blueprint.get("/tickets")
@requires("tickets.read")
def index() -> Response:
    """The list; as a poll it answers 304 while nothing has changed."""
    tag = live_tag("tickets", "customers", "machines")
    if (same := unchanged(tag)) is not None:
        return same
    wanted = forms.wanted_from(request.args, actor().user_id)
    # Called only where the list is not kept from another reader of the same version.
    page = partial(queries.page, actor(), wanted, after=request.args.get("after"), before=request.args.get("before"))
    areas = [(area.id, area.name) for area in customers.areas()] if actor().area_ids is None else []
    context: dict[str, Any] = {"page": page, "wanted": wanted, "tag": tag, "areas": areas, "scope": actor().area_ids}
    return tagged(render("tickets/index.html", fragment="tickets/_list.html", **context), tag)
