"""How devices and changes are written on the pages of accounts."""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.accounts.views.blueprint import blueprint

# The first that occurs in what a browser says of itself; the order matters, as most claim to be several.
_BROWSERS = (("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


@blueprint.app_template_filter()
def device_words(user_agent: str) -> str:
    """Browser and system of a session, e.g. "Chrome, Windows"."""
    found = [next((name for sign, name in names if sign in user_agent), None) for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or _("unknown device")


@blueprint.app_template_filter()
def changed_fields(text: str | None, personal: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """The fields of one side of a history entry; ``personal`` gives clear values for digests, deleted ones say so."""
    fields: dict[str, Any] = json.loads(text) if text else {}
    return [(name, _value(name, value, personal or {})) for name, value in fields.items()]


def _value(name: str, value: Any, personal: Mapping[str, str]) -> str:
    if isinstance(value, dict) and set(value) == {"digest"}:
        return personal.get(name, _("(deleted)"))
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None or value == "" else str(value)
