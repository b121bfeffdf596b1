"""The pages behind a machine's QR code: report a fault without an account, follow it, add to it, urge.

Works in WeChat's browser, without JavaScript and without cookies; in the language of the reader's phone. Nothing of a
person stands on these pages. A wrong address says nothing, and how often strangers may ask is counted (security §1).
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, StringField, TextAreaField

from app.core import clock, rate_limits
from app.core.errors import N_, Conflict, Invalid, NotFound, TooManyAttempts
from app.core.files import MEDIA
from app.core.known_settings import HOTLINE_PHONE
from app.desk import wording
from app.machines import qr
from app.machines.models import Machine
from app.tickets import following
from app.tickets.forms import new_token
from app.tickets.models import Ticket, TicketKind
from app.web import uploads
from app.web.auth import public
from app.web.errors import words
from app.web.forms import Sent, sent
from app.web.i18n import language
from app.web.labels import options
from app.web.render import render, see_other
from app.web.security import csrf

blueprint = Blueprint("scanned", __name__)
# Without accounts there is nothing that a forged form could borrow; a phone that keeps no cookies can report all the same.
csrf.exempt(blueprint)

WINDOW = timedelta(minutes=10)
HOUR = timedelta(hours=1)
# A site's whole staff may come from one address: what is asked with a right token counts for its machine or report first.
WRONG_BY_ADDRESS = 20
SEEN_BY_ADDRESS, SEEN_BY_TOKEN = 1_200, 600
SENT_BY_ADDRESS, SENT_BY_TOKEN = 60, 20
_NOTHING = N_("There is nothing at this address. Scan the code on the machine again.")
_KINDS = (TicketKind.FAULT_REPORT, TicketKind.PARTS_ORDER, TicketKind.ENQUIRY, TicketKind.SUGGESTION, TicketKind.COMPLAINT)


class ReportForm(FlaskForm):
    """What somebody in front of the machine types; the rules are in ``following``."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    kind = RadioField(_("What is it about?"), choices=[SelectChoice(kind, dict(options("TicketKind"))[kind]) for kind in _KINDS])
    text = TextAreaField(_("What is wrong?"), filters=[lambda value: value or ""])
    stands_still = BooleanField(_("The machine stands still"))
    phone = StringField(_("Your phone number"), filters=[lambda value: value or ""])
    name = StringField(_("Your name"), filters=[lambda value: value or ""])


@blueprint.before_request
def speak_the_language_of_the_phone() -> None:
    """Who never chose a language gets that of the browser."""
    best = request.accept_languages.best_match(["zh", "zh-CN", "zh-TW", "zh-HK", "en"])
    g.preferred_locale = None if best is None else "en" if best == "en" else "zh_CN"


@blueprint.after_request
def keep_the_address(response: Response) -> Response:
    """The address is the key: it is told to no other site and to no search engine.

    ``same-origin`` instead of ``no-referrer``: with that one browsers hide where a form comes from, and it would be refused.
    """
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@blueprint.errorhandler(NotFound)
@blueprint.errorhandler(TooManyAttempts)
def refuse(error: NotFound | TooManyAttempts) -> Response:
    """Say so without leading strangers to the desk's pages."""
    shown: dict[str, Any] = {"message": words(error), "is_missing": error.status == 404, "hotline": HOTLINE_PHONE.value()}
    response = render("scanned/nothing.html", status=error.status, **shown)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


@blueprint.get("/m/<token>")
@public
def scan(token: str) -> Response:
    """The machine's page with what is reported already and the form."""
    machine = _machine(token)
    return _machine_page(machine, ReportForm(formdata=None, form_token=new_token(), kind=TicketKind.FAULT_REPORT))


@blueprint.post("/m/<token>")
@public
@uploads.takes_files
def report(token: str) -> Response:
    """Report; the same form sent again leads to the same report."""
    machine = _machine(token, sends=True)
    form, handed, made = ReportForm(), uploads.received(kinds=MEDIA, most=9), []
    done = sent(form, lambda: made.append(_report(machine, form, handed)))
    if done.is_done:
        return see_other(url_for("scanned.follow", token=made[0].follow_token, new=1))
    return _machine_page(machine, form, done, handed)


@blueprint.post("/m/<token>/following")
@public
def join(token: str) -> Response:
    """Go to the page that follows what is open on this machine."""
    found = following.open_of(_machine(token, sends=True))
    return see_other(url_for("scanned.scan", token=token) if found is None else url_for("scanned.follow", token=following.token_of(found)))


@blueprint.get("/f/<token>")
@public
def follow(token: str) -> Response:
    """Where the report stands, in words."""
    return _follow_page(token, _ticket(token))


@blueprint.post("/f/<token>/words")
@public
@uploads.takes_files
def add(token: str) -> Response:
    """Add words or pictures to the report."""
    ticket, handed, text = _ticket(token, sends=True), uploads.received(kinds=MEDIA, most=9), request.form.get("text", "")
    try:
        following.add(ticket=ticket, text=text, incoming=handed.check(), form_token=request.form.get("form_token"))
    except (Conflict, Invalid) as error:
        return _follow_page(token, ticket, status=error.status, problem=words(error), text=text, handed=handed)
    return see_other(url_for("scanned.follow", token=token, said="added"))


@blueprint.post("/f/<token>/urging")
@public
def urge(token: str) -> Response:
    """Urge."""
    ticket = _ticket(token, sends=True)
    try:
        following.urge(ticket=ticket, form_token=request.form.get("form_token", ""))
    except Conflict as error:
        return _follow_page(token, ticket, status=error.status, problem=words(error))
    return see_other(url_for("scanned.follow", token=token, said="urged"))


def _report(machine: Machine, form: ReportForm, handed: uploads.Received) -> Ticket:
    told = following.Report(
        kind=TicketKind(form.kind.data),
        text=form.text.data,
        phone=form.phone.data,
        name=form.name.data,
        stands_still=form.stands_still.data,
    )
    following.check(told, has_files=bool(handed.files))  # so that both are said at once: what was typed and which file is refused
    return following.report(machine=machine, told=told, incoming=handed.check(), form_token=form.form_token.data or None)


def _machine(token: str, *, sends: bool = False) -> Machine:
    machine = qr.machine_of(token)
    _count(f"m:{machine.id}" if machine else None, sends)
    if machine is None:
        raise NotFound(_NOTHING)
    return machine


def _ticket(token: str, *, sends: bool = False) -> Ticket:
    ticket = following.ticket_of(token)
    _count(f"f:{ticket.id}" if ticket else None, sends)
    if ticket is None:
        raise NotFound(_NOTHING)
    return ticket


def _count(what: str | None, sends: bool) -> None:
    """Count this request by address, and by what a right token leads to. Raises ``TooManyAttempts``."""
    address, now = rate_limits.address_key(request.remote_addr or ""), clock.now()
    if what is None:
        rate_limits.hit(f"wrong:{address}", WRONG_BY_ADDRESS, WINDOW, now)
    elif sends:
        rate_limits.hit(f"sent:{what}", SENT_BY_TOKEN, HOUR, now)
        rate_limits.hit(f"sent:{address}", SENT_BY_ADDRESS, HOUR, now)
    else:
        rate_limits.hit(f"seen:{what}", SEEN_BY_TOKEN, WINDOW, now)
        rate_limits.hit(f"seen:{address}", SEEN_BY_ADDRESS, WINDOW, now)


def _machine_page(machine: Machine, form: ReportForm, done: Sent | None = None, handed: uploads.Received | None = None) -> Response:
    found = following.open_of(machine)
    state = found and following.steps(found)[-1]
    shown: dict[str, Any] = {"machine": machine, "form": form, "handed": handed, "open": found, "state": state}
    shown["is_retired"] = following.is_retired(machine, clock.now())
    shown["problem"], status = (done.problem, done.status) if done else ("", 200)
    return render("scanned/machine.html", status=status, hotline=HOTLINE_PHONE.value(), token=machine.qr_token, **shown)


def _follow_page(token: str, ticket: Ticket, *, status: int = 200, **more: Any) -> Response:
    shown: dict[str, Any] = {"ticket": ticket, "steps": following.steps(ticket), "said": following.said(ticket)}
    shown["may_add"] = following.may_add(ticket, clock.now())
    shown["expected"] = wording.expected(ticket, clock.now(), language())
    shown |= {"form_token": new_token(), "hotline": HOTLINE_PHONE.value(), "token": token}
    return render("scanned/follow.html", status=status, **shown, **more)
