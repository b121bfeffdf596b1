"""The call itself: whom to phone, words to read aloud, the scores; a call that reached nobody; correcting one's own record."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.callbacks import call_forms, due, operations, queries, tries
from app.callbacks.call_forms import Typed
from app.callbacks.due import Sheet
from app.callbacks.models import CallBack
from app.callbacks.queries import Wanted
from app.callbacks.writing import RECORD
from app.core import clock, known_settings
from app.core.errors import Conflict, DomainError, Invalid
from app.roster import calendars
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.render import render, see_other

blueprint = Blueprint("calls", __name__)
HOME = "/call-backs"
MORNING = 9


@blueprint.route("/call-backs/new", methods=["GET", "POST"])
@requires(RECORD)
def new() -> Response:
    """Record a call about a finished order; the same form sent again leads to the same records."""
    number = request.args.get("order", "")
    if not number:
        return see_other(HOME)
    sheet = due.sheet(actor(), number, clock.now())
    if request.method == "POST":
        return _save(sheet, call_forms.typed_from(request.form))
    made = CallBack.get_or_none(CallBack.order == sheet.order)
    return see_other(f"{HOME}/{made.id}") if made else _form(sheet, Typed({}))


def _save(sheet: Sheet, typed: Typed) -> Response:
    try:
        made = operations.save(by=actor(), abouts=typed.abouts(sheet), call=typed.call(), form_token=typed["form_token"])
    except (Invalid, Conflict) as error:
        return _form(sheet, _with(typed, error), error)
    flash(_("Recorded: %(numbers)s.", numbers=_(", ").join(one.order.number for one in made)), "message")
    return _onwards(made[0].id)


def _onwards(call_back_id: int) -> Response:
    """To the next customer to be called when that was asked for, else to the record."""
    if request.form.get("then") != "next":
        return see_other(f"{HOME}/{call_back_id}")
    following = due.page(actor(), Wanted(), clock.now()).rows[:1]
    return see_other(f"{HOME}/new?order={following[0].order.number}" if following else HOME)


@blueprint.post("/call-backs/tries")
@requires(RECORD)
def note_try() -> Response:
    """Nobody was reached."""
    number = request.args.get("order", "")
    if not number:
        return see_other(HOME)
    sheet, typed = due.sheet(actor(), number, clock.now()), call_forms.typed_from(request.form)
    try:
        orders = [about.order for about in typed.abouts(sheet)]
        tries.note(by=actor(), orders=orders, text=typed["text"], again_at=typed.again_at(), form_token=typed["form_token"])
    except (Invalid, Conflict) as error:
        return _form(sheet, _with(typed, error), error)
    if due.sheet(actor(), number, clock.now()).may_give_up:
        flash(_("Noted. That was the third day: you may record it as not reachable now."), "message")
        return see_other(f"{HOME}/new?order={number}")
    flash(_("Noted. %(number)s comes back in the list when it is time to call again.", number=number), "message")
    return see_other(HOME)


def _with(typed: Typed, error: DomainError) -> Typed:
    return typed.refused(error) if isinstance(error, Invalid) else typed


def _form(sheet: Sheet, typed: Typed, error: DomainError | None = None) -> Response:
    shown: dict[str, Any] = {"sheet": sheet, "order": sheet.order, "typed": typed, "problem": words(error) if error else ""}
    shown |= {"head": known_settings.letterhead(), "again_at": next_morning(), "now": clock.now(), "days_needed": tries.states.DAYS_TRIED}
    return render("call_backs/new.html", status=error.status if error else 200, **shown)


def next_morning() -> str:
    """The morning of the next working day, as a field for a time has it."""
    local = clock.now().astimezone(clock.zone())
    calendar, day = calendars.present(), local.date() + call_forms.ONE_DAY
    while not calendar.is_working_day(day):
        day += call_forms.ONE_DAY
    return f"{day.isoformat()}T{MORNING:02}:00"


@blueprint.route("/call-backs/<int:call_back_id>/edit", methods=["GET", "POST"])
@requires(RECORD)
def edit(call_back_id: int) -> Response:
    """Correct one's own record until it is signed."""
    found = queries.by_id(actor(), call_back_id)
    operations.check_own(actor(), found)
    typed = call_forms.typed_from(request.form) if request.method == "POST" else call_forms.stored(found)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            operations.correct(by=actor(), call_back=found, version=call_forms.version_from(request.form), call=typed.call())
        except (Invalid, Conflict) as refusal:
            error, typed = refusal, _with(typed, refusal)
        else:
            return see_other(f"{HOME}/{call_back_id}")
    shown: dict[str, Any] = {"call_back": found, "order": found.order, "typed": typed, "problem": words(error) if error else ""}
    return render("call_backs/edit.html", status=error.status if error else 200, may_give_up=tries.may_give_up(found.order), **shown)
