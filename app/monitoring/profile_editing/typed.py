"""What is common to the forms of a profile's parts: each is filled from an entry of the document and gives one back.

The rules stand in ``parsing`` alone: what was typed goes into the document as it is, and what is refused there stands beside its field.
An entry keeps what it says in so many words: what is left at its default is only written where it stood before.
"""

import re
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, Form, IntegerField
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from app.core.errors import Conflict, InvalidFile
from app.customers.forms import text
from app.machines.models import DeviceProfile
from app.machines.profile_operations import LONGEST_REASON
from app.web.forms import Sent

Entry = dict[str, Any]
_INTEGER, _NUMBER = re.compile(r"[+-]?\d{1,15}"), re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")
_SEPARATORS = re.compile(r"[\s,，、;；]+")


class SavingForm(FlaskForm):
    """Something of a profile; ``version`` shows whether somebody else was quicker."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    reason = text(_("Why"), Length(max=LONGEST_REASON))

    def seen(self) -> int:
        """The version that the page showed."""
        return self.version.data or 0

    def keep_up(self, row: DeviceProfile, done: Sent, *, is_there: bool = True) -> None:
        """Come back with the present version, so that sending again writes over it; not when its place is not known any more."""
        if not self.is_submitted() or (done.status == Conflict.status and is_there):
            self.version.data, self.version.raw_data = row.version, None


class EntryForm(SavingForm):
    """One entry. ``fields_of_paths`` says which field a place in the entry is, where it is not its name."""

    fields_of_paths: ClassVar[dict[str, str]] = {}
    key_name: ClassVar[str] = ""  # what the key of a new entry is typed into

    def fill(self, entry: Entry) -> None:
        """Show ``entry``."""
        raise NotImplementedError

    def entry(self, present: Entry) -> Entry:
        """What was typed, where ``present`` stands in the document now."""
        raise NotImplementedError

    def show_mistakes(self, error: InvalidFile, where: str) -> list[tuple[int, str]]:
        """Put each mistake beside its field; returns those that are not about this entry, as lines and words."""
        others = []
        for line, message, params in error.lines:
            place = str(params.get("where", ""))
            field = self._field(place.removeprefix(where).removeprefix(".")) if place.startswith(where) else None
            if field is None:
                others.append((line, gettext(message, **params)))
            else:
                field.errors = [*field.errors, gettext(message, **(params | {"where": field.label.text}))]
        return others

    def _field(self, place: str) -> Field | None:
        name = self.fields_of_paths.get(place) or place.replace(".", "_")
        if name in self:
            return self[name]
        first, _dot, inner = place.partition(".")
        rows, _bracket, index = first.rstrip("]").partition("[")
        if rows in self and index.isdecimal():
            return self._row_field(rows, int(index), inner)
        return self[self.fields_of_paths[first]] if first in self.fields_of_paths else None

    def _row_field(self, rows: str, number: int, name: str) -> Field | None:
        filled = [row.form for row in self[rows] if row.form.is_filled()]
        if number > len(filled):
            return None
        return filled[number - 1][name] if name in filled[number - 1] else next(iter(filled[number - 1]))


def number(typed: str) -> Any:
    """``typed`` as a number, or as it is where it is none: then the document is refused for it."""
    if _INTEGER.fullmatch(typed):
        return int(typed)
    return float(typed) if _NUMBER.fullmatch(typed) else typed


def shown(value: Any) -> str:
    """A number of the document as one types it."""
    return "" if value is None else format(value, "g") if isinstance(value, float) else str(value)


def listed(typed: str) -> list[str]:
    """Codes one behind the other, with blanks or commas between."""
    return [one for one in _SEPARATORS.split(typed) if one]


def words(zh: str, en: str) -> Entry:
    return {name: words for name, words in (("zh", zh), ("en", en)) if words}


def part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def bounds(first: str, second: str) -> list[Any] | None:
    return [number(first), number(second)] if first or second else None


def ends(value: Any) -> tuple[str, str]:
    return (shown(value[0]), shown(value[1])) if isinstance(value, list) and len(value) == 2 else ("", "")


def key_field(label: Any) -> Field:
    return text(label, Length(max=64))


class Row(Form):
    """One row of a list inside an entry."""

    def is_filled(self) -> bool:
        """Whether anything was typed into it."""
        return any(field.data for field in self)
