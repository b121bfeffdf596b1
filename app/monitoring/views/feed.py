"""The health of the feed, and what people can do about it: look at what was refused, register what waits."""

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_, Invalid
from app.customers import queries as customers
from app.customers.models import Customer
from app.machines import queries as machines
from app.machines.models import Machine
from app.monitoring import feed, forms, operations, problems
from app.monitoring.operations import Registration
from app.monitoring.readings.keeping import keeping
from app.monitoring.silence import outages
from app.monitoring.views.routes import LIVE, blueprint
from app.web.auth import actor, requires
from app.web.forms import status_of, submitted
from app.web.i18n import language
from app.web.render import live_tag, render, see_other, tagged, unchanged


@blueprint.get("/monitoring/feed")
@requires("feed.read")
def feed_health() -> Response:
    """Subscriber, figures and terminals; as a poll it answers 304 while nothing has changed."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    only, q = request.args.get("only", ""), request.args.get("q", "").strip()
    page = feed.terminals(q=q, only=only, after=request.args.get("after"), before=request.args.get("before"))
    figures: dict[str, Any] = {"health": feed.health(), "stats": feed.stats(), "counts": feed.terminal_counts()}
    figures["keeping"] = keeping()
    figures["problem"] = problems.words(figures["health"].status.problem) if figures["health"].status else ""
    return tagged(render("monitoring/feed.html", fragment="monitoring/_feed.html", tag=tag, page=page, only=only, q=q, **figures), tag)


@blueprint.get("/monitoring/feed/rejected")
@requires("feed.read")
def rejected() -> Response:
    """Messages that could not be used, newest first."""
    page = feed.rejected(after=request.args.get("after"), before=request.args.get("before"))
    return render("monitoring/rejected.html", fragment="monitoring/_rejected.html", page=page)


@blueprint.get("/monitoring/feed/rejected/<int:message_id>")
@requires("feed.read")
def rejected_message(message_id: int) -> Response:
    """One refused message: why, and what it looks like."""
    message = feed.rejected_by_id(message_id)
    payload = bytes(message.payload)
    shown: dict[str, Any] = {"lines": feed.hex_lines(payload), "text": feed.as_text(payload), "sha256": bytes(message.sha256).hex()}
    return render("monitoring/rejected_message.html", message=message, **shown)


@blueprint.get("/monitoring/feed/gaps")
@requires("feed.read")
def gaps() -> Response:
    """Times in which nothing came in, holes in the numbering, possible losses, steps of the clock."""
    return render("monitoring/gaps.html", gaps=feed.gaps(), steps=feed.clock_steps(), outages=outages.listed())


@blueprint.post("/monitoring/feed/gaps/<int:gap_id>/seen")
@requires("feed.register")
def note_gap(gap_id: int) -> Response:
    """Take note of a possible gap."""
    operations.note_gap(by=actor(), gap=feed.possible_gap(gap_id))
    flash(_("Noted."))
    return see_other(url_for("monitoring.gaps"))


@blueprint.get("/monitoring/feed/quarantine")
@requires("feed.read")
def quarantine() -> Response:
    """Devices that speak but have no machine."""
    return render("monitoring/quarantine.html", waiting=feed.quarantine())


@blueprint.get("/monitoring/feed/quarantine/<device>")
@requires("feed.register")
def registration(device: str) -> Response:
    """What waits of one device, and the form that gives it a machine."""
    return _registration(device, _form(formdata=None, serial=device))


@blueprint.post("/monitoring/feed/quarantine/<device>")
@requires("feed.register")
def register(device: str) -> Response:
    """Give the device its machine and take in what waits."""
    form, done = _form(), []
    is_done, problem = submitted(form, lambda: done.append(_register(device, form)))
    if not is_done:
        return _registration(device, form, problem)
    machine, released = done[0]
    flash(_("%(serial)s is registered; %(n)s messages were taken in.", serial=machine.serial, n=released))
    return see_other(url_for("monitoring.machine", device=device))


def _register(device: str, form: forms.RegistrationForm) -> tuple[Machine, int]:
    profile = machines.profile_by_name(form.profile.data) if form.profile.data else None
    wanted = Registration(serial=form.serial.data, model=form.model.data, customer=_customer(form.customer.data), profile=profile)
    return operations.register_device(by=actor(), device=device, registration=wanted)


def _customer(name: str | None) -> Customer | None:
    """The customer of that name. Raises ``Invalid`` for one that is not there."""
    wanted = (name or "").strip()
    if not wanted:
        return None
    found = customers.visible(actor()).where(Customer.name == wanted).get_or_none()
    if found is None:
        message = N_("There is no customer of this name. Leave it empty or choose one of the list.")
        raise Invalid(message, fields={"customer": message})
    return found


def _form(**given: Any) -> forms.RegistrationForm:
    form = forms.RegistrationForm(**given)
    is_chinese = language().startswith("zh")
    titles = [(row.name, row.title_zh if is_chinese else row.title_en) for row in machines.profile_list()]
    form.profile.choices = [("", "–"), *titles]
    return form


def _registration(device: str, form: forms.RegistrationForm, problem: str = "") -> Response:
    shown: dict[str, Any] = {"device": device, "waiting": feed.quarantined(device), "messages": feed.quarantined_messages(device)}
    names = [name for (name,) in customers.visible(actor()).select(Customer.name).order_by(Customer.name).limit(500).tuples()]
    choices: dict[str, Any] = {"models": machines.models(), "customer_names": names}
    return render("monitoring/registration.html", status=status_of(form), form=form, problem=problem, **shown, **choices)
