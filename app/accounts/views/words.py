"""How devices and changes are written on the pages of accounts."""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.accounts import history_words
from app.accounts.views.blueprint import blueprint
from app.core.history import HistoryEntry
from app.web.i18n import translated
from app.web.labels import LABELS

# The first that occurs in what a browser says of itself; the order matters, as most claim to be several.
_BROWSERS = (("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


@blueprint.app_template_filter()
def device_words(user_agent: str) -> str:
    """Browser and system of a session, e.g. "Chrome, Windows"."""
    found = [next((name for sign, name in names if sign in user_agent), None) for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or _("unknown device")


@blueprint.app_template_filter()
def history_word(code: str, table: str) -> str:
    """The words of ``code`` in a table of ``app.accounts.history_words``; a code that is not there stands for itself."""
    words = getattr(history_words, table).get(code)
    return translated(words) if words else code


@blueprint.app_template_global()
def history_choices(table: str) -> list[tuple[str, str]]:
    """All codes of a table with their words, by those, for a choice."""
    return sorted(((code, translated(words)) for code, words in getattr(history_words, table).items()), key=lambda choice: choice[1])


@blueprint.app_template_filter()
def changed_fields(entry: HistoryEntry, side: str, personal: Mapping[str, str], areas: Mapping[int, str]) -> list[tuple[str, str]]:
    """The fields of ``entry`` ``before`` or ``after``; ``personal`` gives clear values for digests, deleted ones say so."""
    text = getattr(entry, side)
    fields: dict[str, Any] = json.loads(text) if text else {}
    return [(history_word(name, "FIELDS"), _value(entry, name, value, personal, areas)) for name, value in fields.items()]


def _value(entry: HistoryEntry, name: str, value: Any, personal: Mapping[str, str], areas: Mapping[int, str]) -> str:
    if isinstance(value, dict) and set(value) == {"digest"}:
        return personal.get(name, _("(deleted)"))
    if isinstance(value, list):
        return _(", ").join(_value(entry, name, one, personal, areas) for one in value) or "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in ("area", "area_id", "areas"):
        return areas.get(value, str(value or "–"))
    if entry.action == "ticket.joined" and name == "reason":
        return _(", ").join(reason["code"] for reason in json.loads(value or "[]")) or "–"
    words = LABELS.get(history_words.KINDS.get((entry.object_type, name), ""), {}).get(str(value))
    return translated(words) if words else "–" if value is None or value == "" else str(value)
