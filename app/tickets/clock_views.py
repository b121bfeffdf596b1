"""The clocks of a ticket with the reasons why time counted, and the table of targets."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.roster.words import day_name
from app.tickets import clock_queries, clock_targets, recomputing, sla
from app.tickets import queries as tickets
from app.tickets.models import Priority, TicketKind
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.filters import age_text, moment_text, short_moment
from app.web.render import live_tag, render, see_other, tagged, unchanged

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
    said = _("overdue %(span)s", span=span) if late else _("in %(span)s", span=span)
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    kind = "due-late" if late else "due-soon"
    return Markup('<time class="{}" datetime="{}" title="{}">{}</time>').format(kind, stamp, moment_text(at), said)


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


@blueprint.route("/clocks/targets", methods=["GET", "POST"])
@requires("clocks.edit")
def targets() -> Response:
    """The table of targets of one kind of ticket; ``reset`` gives back those delivered."""
    kind, typed = _kind(), dict(request.form)
    problems: dict[str, str] = {}
    try:
        if request.method == "POST":
            changed = _change_targets(kind, problems)
            flash(_("%(n)d targets changed; they hold for tickets opened from now on.", n=changed), "message")
            return see_other(url_for("clocks.targets", kind=kind))
    except (Conflict, Invalid) as error:
        return _targets_page(kind, typed, problems, words(error), error.status)
    return _targets_page(kind, {}, {})


def _change_targets(kind: TicketKind, problems: dict[str, str]) -> int:
    version = request.form.get("version", -1, int)
    if request.form.get("reset"):
        return clock_targets.reset(by=actor(), kind=kind, version=version)
    wanted: dict[clock_targets.Cell, sla.Target | None] = {}
    for priority in Priority:
        for name in clock_targets.editable(kind):
            field = f"{priority}-{name}"
            try:
                minutes = clock_targets.minutes_from(request.form.get(field, ""))
            except ValueError:
                problems[field] = _("Write it like 30, 4h or 1h30; empty: the clock does not run.")
                continue
            wanted[priority, name] = sla.Target(minutes, field + "-round" in request.form) if minutes else None
    if problems:
        raise Invalid(N_("Nothing was saved yet. Please look at the marked fields."))
    return clock_targets.change(by=actor(), kind=kind, targets=wanted, version=version)


def _targets_page(kind: TicketKind, typed: dict[str, str], problems: dict[str, str], problem: str = "", status: int = 200) -> Response:
    shown: dict[str, Any] = {"kind": kind, "kinds": list(TicketKind), "priorities": list(Priority), "typed": typed, "problems": problems}
    shown |= {"present": clock_targets.present(kind), "defaults": clock_targets.defaults(kind), "version": clock_targets.version()}
    shown |= {"names": clock_targets.editable(kind), "fixed": sla.COMPLAINT_CLOCKS if kind == TicketKind.COMPLAINT else ()}
    return render("tickets/targets.html", status=status, problem=problem, **shown)


@blueprint.get("/clocks/progress")
@requires("tickets.read")
def progress() -> Response:
    """Whether the deadlines follow the calendar as it is now, and how far they are."""
    return render("tickets/progress.html", fragment="tickets/_progress.html", progress=recomputing.progress())


def _kind() -> TicketKind:
    try:
        return TicketKind(request.args.get("kind") or TicketKind.FAULT_REPORT)
    except ValueError:
        raise Invalid(N_("The list cannot be filtered that way.")) from None
