"""Forms and the operations behind them: words stand beside the fields, nothing typed is lost."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.widgets import HiddenInput

from app.core.errors import Conflict, Invalid
from app.web.errors import words


def submitted(form: FlaskForm, act: Callable[[], object]) -> tuple[bool, str]:
    """Run ``act`` when the form was sent and is complete.

    Returns whether it was done, and otherwise the sentence to show above the form (empty when there is none);
    what ``act`` refuses as ``Invalid`` stands beside its fields then.
    """
    if not form.validate_on_submit():
        return False, ""
    try:
        act()
    except Invalid as error:
        return False, show_errors(form, error)
    return True, ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a form: done, or the words and the status with which it comes back."""

    is_done: bool
    problem: str = ""
    status: int = 200


def sent(form: FlaskForm, act: Callable[[], object]) -> Sent:
    """Like ``submitted``; a record that somebody else changed meanwhile brings the form back with 409 and all that was typed."""
    try:
        is_done, problem = submitted(form, act)
    except Conflict as error:
        return Sent(False, words(error), error.status)
    return Sent(is_done, problem, status_of(form))


def status_of(form: FlaskForm) -> int:
    """The status of a page with ``form`` on it: 422 when the form was sent and comes back."""
    return 422 if form.is_submitted() else 200


def show_errors(form: FlaskForm, error: Invalid) -> str:
    """Put the words of ``error`` beside the fields they are about; returns the sentence for the whole form."""
    for name, message in error.fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, gettext(message)]
    return words(error)


def differences(typed: FlaskForm, stored: FlaskForm) -> list[tuple[str, str]]:
    """What now stands in the record where something else was typed: labels and values; ``typed`` is then ready to be sent anew."""
    typed.version.data, typed.version.raw_data = stored.version.data, None
    return [(field.label.text, _shown(field)) for field in stored if _is_other(field, typed)]


def _is_other(field: Field, typed: FlaskForm) -> bool:
    return not isinstance(field.widget, HiddenInput) and field.data != typed[field.name].data


def _shown(field: Field) -> str:
    choices = dict(getattr(field, "choices", None) or ())
    return str(choices.get(field.data, field.data or "–"))
