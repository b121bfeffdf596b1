"""What the screens of supply have in common: a form that is tried and comes back with the words beside its fields, a step of a paper."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from app.core.errors import Conflict, Invalid
from app.parts import catalogue
from app.supply import choices, typed_lines
from app.tickets.forms import new_token
from app.web.auth import requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("supply", __name__)

PART_COLUMN = {"name": "part", "label": _("Part number"), "list": "parts-offered", "wide": True}
QUANTITY_COLUMN = {"name": "quantity", "label": _("Quantity"), "kind": "number"}


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a form: the record it made, or the words, those beside the fields, and the status with which it comes back."""

    made: Any = None
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def is_sent() -> bool:
    """Whether the form is to be carried out; its buttons for more lines and fewer only show it anew."""
    return request.method == "POST" and not {"more", "drop"} & request.form.keys()


def tried(act: Callable[[], object]) -> Tried:
    """Carry out ``act`` when the form was sent."""
    if not is_sent():
        return Tried()
    try:
        return Tried(act())
    except Invalid as error:
        return Tried(None, words(error), {name: translated(said) for name, said in error.fields.items()}, error.status)
    except Conflict as error:
        return Tried(None, words(error), {}, error.status)


def shown(form: Tried, names: Sequence[str] = typed_lines.PART, given: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """What every form with lines shows: what was typed, the words, the lines, a token, the parts that are offered."""
    typed = request.form
    return {
        "typed": typed,
        "problem": form.problem,
        "errors": form.errors,
        "lines": typed_lines.shown(typed, names, given),
        "form_token": typed.get("form_token") or new_token(),
        "offered": choices.suggested(""),
    }


def version() -> int:
    """The version of the paper that was on the screen. Raises ``Invalid`` for what is none."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def step(act: Callable[[], object], said: str, back: str, again: Callable[[Tried], Response]) -> Response:
    """Carry out one step of a paper and go ``back``; refused, the page comes ``again`` with the words."""
    form = tried(act)
    if form.problem:
        return again(form)
    if said:
        flash(said, "message")
    return see_other(back)


@blueprint.get("/supply/parts-offered")
@requires("parts.read")
def offered() -> Response:
    """The parts that fit what is typed in the lines, for the suggestions of the browser."""
    typed = [value for name, value in request.args.items() if name.endswith("-part") and value.strip()]
    unknown = [value[:60] for value in typed if catalogue.named(value[:60]) is None][:3]
    found = {part.id: part for value in unknown or [""] for part in choices.suggested(value)}
    return render("supply/parts_offered.html", fragment="supply/_offered.html", offered=list(found.values()))
