"""The words of every coded value, in one place (labels.md); a value's class is named by its name, so that this knows no capability."""

from enum import StrEnum

from flask import Flask
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from jinja2 import pass_context
from jinja2.runtime import Context

from app.core.errors import N_
from app.web.i18n import translated
from app.web.labels.money import MONEY
from app.web.labels.service import SERVICE

LABELS = SERVICE | MONEY


def label(value: StrEnum | str, kind: str = "") -> str:
    """The words of ``value``; ``kind`` names the enumeration of a plain string as it comes from the database."""
    return translated(LABELS[kind or type(value).__name__][value])


@pass_context
def _label(_context: Context, value: StrEnum | str, kind: str = "") -> str:
    """``label`` for templates: with the context, or Jinja would work out ``"new"|label("…")`` once, in its first reader's language."""
    return label(value, kind)


# Parts of the program that do something, as people are told of them.
_PROGRAM = {
    "monitoring": N_("EVC monitoring"),
    "qr": N_("By the QR code"),
    "mailbox": N_("Mailbox"),
    "work slips": N_("Reminder"),
    "command line": N_("Command line"),
    "dispatch": N_("The dispatch desk"),
    "customer": N_("The customer"),
}


def author(name: str) -> str:
    """Who did something: a person by name, a part of the program in the reader's words."""
    return translated(_PROGRAM[name]) if name in _PROGRAM else name


def options(kind: str) -> list[tuple[str, LazyString]]:
    """All values of an enumeration with their words, in its order, for a choice."""
    return [(value, lazy_gettext(words)) for value, words in LABELS[kind].items()]


def init_app(app: Flask) -> None:
    """Give templates the filter ``label`` (``{{ row.status|label("TicketStatus") }}``) and the global ``options``."""
    app.jinja_env.filters["author"] = author
    app.jinja_env.filters["label"] = _label
    app.jinja_env.globals["options"] = options
