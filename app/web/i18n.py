"""Languages: message ids are English; Chinese stands in one .po file per capability and is merged at start."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, gettext
from flask_login import current_user
from markupsafe import Markup

from app.core.config import LOCALES

APP = Path(__file__).parent.parent
ROOT = APP.parent
TRANSLATIONS = APP / "translations"
SOURCES = {"app": APP, "templates": ROOT / "templates"}
LOCALE_COOKIE = "locale"
_EXTRACT = [("**.py", "python"), ("**.html", "jinja2"), ("**.xml", "jinja2")]
_KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "lazy_gettext": None}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")

MOST_KEPT = 5_000

babel = Babel()
_kept: dict[str, dict[str, str]] = {}


def init_app(app: Flask, default_locale: str, zone: str) -> None:
    """Compile the catalogues if they are older than their sources, and choose the language per request."""
    compile_catalogues(TRANSLATIONS)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    babel.init_app(app, default_locale=default_locale, default_timezone=zone, locale_selector=_locale)
    app.jinja_env.globals.update(_=in_template, gettext=in_template)


def language() -> str:
    """The language of this request, found once; empty outside of one."""
    if not has_request_context():
        return ""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = choose_locale() or current_app.config["CENTRE"].default_locale
    return found


def translated(message: str, **params: Any) -> str:
    """``message`` in the reader's language; each is looked up once per language and process, as a page asks for hundreds."""
    kept = _kept.setdefault(language(), {})
    text = kept.get(message)
    if text is None:
        text = gettext(message)
        if len(kept) < MOST_KEPT:
            kept[message] = text
    return text % params if params else text


def in_template(message: str, /, **params: Any) -> Markup:
    """``translated`` as templates need it: our own words are markup, what is put into them is escaped."""
    text = Markup(translated(message))  # noqa: S704 - the message is the program's, its parameters are escaped below
    return text % params if params else text


def choose_locale() -> str | None:
    """The user's own choice, else the cookie's, else what a public page found (``g.preferred_locale``), else the deployment's default."""
    chosen = getattr(current_user, "locale", None) or request.cookies.get(LOCALE_COOKIE) or g.get("preferred_locale")
    return chosen if chosen in LOCALES else None


def _locale() -> Locale:
    return _parsed(language() or current_app.config["CENTRE"].default_locale)


@cache
def _parsed(name: str) -> Locale:
    return Locale.parse(name)


def compile_catalogues(translations: Path) -> None:
    """Merge each language's .po files into the .mo that gettext reads; several processes may do so at once."""
    for folder in sorted(path for path in translations.iterdir() if path.is_dir() and any(path.glob("*.po"))):
        sources = sorted(folder.glob("*.po"))
        target = translations / str(Locale.parse(folder.name)) / "LC_MESSAGES" / "messages.mo"  # zh_CN is read as zh_Hans_CN
        newest = max(path.stat().st_mtime_ns for path in (*sources, folder))
        if target.exists() and target.stat().st_mtime_ns > newest:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(f".{os.getpid()}")
        with scratch.open("wb") as file:
            write_mo(file, merged(folder.name, sources))
        scratch.replace(target)


def merged(locale: str, sources: list[Path]) -> Catalog:
    """One catalogue of all ``sources``."""
    whole = Catalog(locale=locale)
    for source in sources:
        with source.open("rb") as file:
            for message in read_po(file, locale=locale):
                if message.id and message.string:
                    whole.add(message.id, message.string, context=message.context)
    return whole


def used_ids() -> set[str]:
    """Every message id that stands in the code or in a template."""
    found: set[str] = set()
    for folder in SOURCES.values():
        for _file, _line, message, _comments, _context in extract_from_dir(str(folder), _EXTRACT, keywords=_KEYWORDS):
            found.update(message if isinstance(message, tuple) else (message,))
    return found - {""}


def _forms(words: str | Sequence[str] | None) -> Iterator[str]:
    """The plain word, or its singular and plural forms."""
    yield from (words,) if isinstance(words, str) else words or ()


def problems() -> Iterator[str]:
    """What is missing, unused, doubled or has other placeholders than its English original; empty when all is well."""
    folder = TRANSLATIONS / "zh_CN"
    translated: dict[str, str] = {}
    for source in sorted(folder.glob("*.po")):
        with source.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                text = next(_forms(message.string), "")
                for message_id in filter(None, _forms(message.id)):
                    if message_id in translated and message.id == message_id:
                        yield f"{source.name}: {message_id!r} stands in another file too"
                    translated[message_id] = text
                    if set(_PLACEHOLDER.findall(message_id)) - {"num"} != set(_PLACEHOLDER.findall(text)) - {"num"}:
                        yield f"{source.name}: {message_id!r} has other placeholders in Chinese"
    used = used_ids()
    yield from (f"not translated: {message_id!r}" for message_id in sorted(used) if not translated.get(message_id))
    yield from (f"not used any more: {message_id!r}" for message_id in sorted(set(translated) - used))
