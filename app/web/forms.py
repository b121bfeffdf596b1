"""Forms and the operations behind them: words stand beside the fields, nothing typed is lost."""

from collections.abc import Callable

from flask_babel import gettext
from flask_wtf import FlaskForm

from app.core.errors import Invalid
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


def status_of(form: FlaskForm) -> int:
    """The status of a page with ``form`` on it: 422 when the form was sent and comes back."""
    return 422 if form.is_submitted() else 200


def show_errors(form: FlaskForm, error: Invalid) -> str:
    """Put the words of ``error`` beside the fields they are about; returns the sentence for the whole form."""
    for name, message in error.fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, gettext(message)]
    return words(error)
