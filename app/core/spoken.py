"""Words for those who are told something without asking for a page: mails, and what is copied into a chat; without Flask."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any

TRANSLATIONS = Path(__file__).parent.parent / "translations"
DEFAULT_LOCALE = "zh_CN"
_FOLDERS = {"zh_CN": "zh_Hans_CN"}


def say(locale: str | None, message: str, **params: Any) -> str:
    """``message`` (a message id) with ``params`` in the language of ``locale``; None is the default one."""
    words = _catalogue(locale or DEFAULT_LOCALE).gettext(message)
    return words % params if params else words


def _catalogue(locale: str) -> NullTranslations:
    compiled = TRANSLATIONS / _FOLDERS.get(locale, locale) / "LC_MESSAGES" / "messages.mo"
    return _read(compiled) if compiled.exists() else NullTranslations()  # message ids are English


@cache
def _read(compiled: Path) -> NullTranslations:
    with compiled.open("rb") as file:
        return GNUTranslations(file)
