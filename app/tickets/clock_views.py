"""The clocks of a ticket with the reasons why time counted, and the table of targets."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response
from flask_babel import gettext as _
from markupsafe import Markup

from app.core import clock
from app.roster.words import day_name
from app.tickets import clock_queries
from app.tickets import queries as tickets
from app.web.auth import actor, requires
from app.web.filters import age_text, moment_text, short_moment
from app.web.render import live_tag, render, tagged, unchanged

blueprint = Blueprint("clocks", __name__)

SOON = timedelta(hours=2)


@blueprint.get("/tickets/<number>/clocks")
@requires("tickets.read")
def of_ticket(number: str) -> Response:
    """All clocks of a ticket; the fragment is the card of the ticket page, which keeps itself up to date."""
    tag = live_tag("tickets", "calendar")
    if (same := unchanged(tag)) is not None:
        return same
    found = tickets.by_number(actor(), number)
    views = clock_queries.of_ticket(found, clock.now())
    return tagged(render("tickets/clocks.html", fragment="desk/_clocks.html", ticket=found, clocks=views, tag=tag), tag)


@blueprint.get("/tickets/<number>/clocks/<int:clock_id>")
@requires("tickets.read")
def why(number: str, clock_id: int) -> Response:
    """Why one clock stands where it stands: every interval since it started."""
    found = tickets.by_number(actor(), number)
    view = clock_queries.one(found, clock_id, clock.now())
    return render("tickets/clock.html", fragment="tickets/_clock_why.html", ticket=found, view=view)


@blueprint.app_template_filter("due")
def due(at: datetime | None) -> Markup:
    """A deadline for tables: overdue and soon due ones by how much, others by their time; the exact time on hover."""
    if at is None:
        return Markup("")
    left = at - clock.now()
    if left > SOON:
        return short_moment(at)
    span = age_text(abs(left.total_seconds()))
    late = left <= timedelta()
    words = _("overdue %(span)s", span=span) if late else _("in %(span)s", span=span)
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    kind = "due-late" if late else "due-soon"
    return Markup('<time class="{}" datetime="{}" title="{}">{}</time>').format(kind, stamp, moment_text(at), words)


@blueprint.app_template_filter("exact_length")
def exact_length(span: timedelta) -> str:
    """A length of time to the millisecond, so that what is added up on a page adds up: 26:05:09, 0:00:01.250."""
    total = span // timedelta(milliseconds=1)
    seconds, ms = divmod(total, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{ms:03}" if ms else "")


@blueprint.app_template_filter("minutes_text")
def target_text(minutes: int) -> str:
    """A target in words: 30 min, 4 h, 7 h 30 min."""
    hours, rest = divmod(minutes, 60)
    parts = [_("%(n)d h", n=hours)] if hours else []
    return " ".join([*parts, *([_("%(n)d min", n=rest)] if rest or not hours else [])])


blueprint.add_app_template_filter(day_name, "day_name")
