"""The settings that people change on the screen ``/settings``: each with its words, type, default and rule, in one line.

``register`` makes one known; the screen, the history and the reader ask here and nowhere else::

    WORKING_HOURS = register(KnownSetting("working_hours", N_("Working hours"), "08:30-12:00,13:30-17:30", group=Group.CLOCKS))
    WORKING_HOURS.value()
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.core import db, live, settings
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor

EDIT = "settings.edit"
LIVE = "settings"
_PHONE = re.compile(r"[0-9+()*#, -]*")


class SettingKind(StrEnum):
    """What a value is: a line of words, several lines, a whole number, yes or no."""

    LINE = "line"
    LINES = "lines"
    WHOLE = "whole"
    SWITCH = "switch"


class Group(StrEnum):
    """Under which heading a setting stands on the screen, in the order of the screen."""

    COMPANY = "company"
    MAIL = "mail"
    CLOCKS = "clocks"
    ALARMS = "alarms"
    OTHER = "other"


def _nothing_wrong(_value: Any) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """One setting. ``label`` and ``hint`` are message ids; ``problem`` gives one for a value that cannot be used.

    ``most`` is the greatest length of words or the greatest number, ``least`` the least number.
    """

    name: str
    label: str
    default: Any
    kind: SettingKind = SettingKind.LINE
    group: Group = Group.OTHER
    hint: str = ""
    most: int = 200
    least: int = 0
    problem: Callable[[Any], str | None] = _nothing_wrong

    def value(self) -> Any:
        """The present value, the default while nobody has set one."""
        return settings.get(self.name, self.default)


_known: dict[str, KnownSetting] = {}


def register(setting: KnownSetting) -> KnownSetting:
    """Make ``setting`` known and give it back. Raises ``ValueError`` when another one has its name."""
    if _known.setdefault(setting.name, setting) != setting:
        raise ValueError(f"there is another setting {setting.name!r}")
    return setting


def known() -> list[KnownSetting]:
    """All known settings, by heading, in the order in which they were registered."""
    order = list(Group)
    return sorted(_known.values(), key=lambda setting: order.index(setting.group))


def value(name: str) -> Any:
    """The present value of the setting ``name``. Raises ``KeyError`` for one that nobody registered."""
    return _known[name].value()


def version() -> int:
    """Grows with each change; a form that was read before the last change is stale."""
    return live.version(LIVE)


def change(*, by: Actor, values: Mapping[str, Any], version: int | None = None) -> None:
    """Set several settings at once; names that are not in ``values`` stay.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when ``version`` is no longer the present one, ``NotAllowed``.
    """
    by.require(EDIT)
    wrong = {name: words for name, given in values.items() if (words := _problem(_known[name], given))}
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)
    with db.transaction():
        changed = {name: given for name, given in values.items() if given != _known[name].value()}
        if changed and version is not None and version != live.version(LIVE):
            raise Conflict(N_("Somebody else changed the settings meanwhile. Look at the present state, then decide again."))
        for name, given in changed.items():
            settings.put(by=by, name=name, value=given)
            live.touch(LIVE)


def _problem(setting: KnownSetting, given: Any) -> str | None:
    if setting.kind is SettingKind.SWITCH:
        is_fit = isinstance(given, bool)
    elif setting.kind is SettingKind.WHOLE:
        is_fit = isinstance(given, int) and setting.least <= given <= setting.most
    else:
        is_fit = isinstance(given, str) and len(given) <= setting.most
    return setting.problem(given) if is_fit else N_("This value cannot be used here.")


def _phone_problem(given: str) -> str | None:
    return None if _PHONE.fullmatch(given) else N_("A phone number has only digits and + - ( ).")


def _company_problem(given: str) -> str | None:
    return None if given.strip() else N_("Please give the name.")


HOTLINE_PHONE = register(
    KnownSetting(
        "hotline_phone", N_("Hotline"), "", group=Group.COMPANY, most=30, problem=_phone_problem,
        hint=N_("The 400 number; it stands on QR labels, prints and in mails. Left out everywhere while it is empty."),
    )
)  # fmt: skip
COMPANY_NAME = register(
    KnownSetting(
        "company_name", N_("Name of the company"), "客户中心", group=Group.COMPANY, most=80, problem=_company_problem,
        hint=N_("The head of every print and letter."),
    )
)  # fmt: skip
COMPANY_ADDRESS = register(KnownSetting("company_address", N_("Address of the company"), "", group=Group.COMPANY))
COMPANY_PHONE = register(
    KnownSetting("company_phone", N_("Phone of the company"), "", group=Group.COMPANY, most=30, problem=_phone_problem)
)
PRINT_FOOTER = register(
    KnownSetting(
        "print_footer", N_("Line at the foot of prints"), "", group=Group.COMPANY, hint=N_("For example the website or the service hours.")
    )
)
MAIL_SIGNATURE = register(
    KnownSetting(
        "mail_signature", N_("Signature of mails"), "客户中心", SettingKind.LINES, Group.MAIL, most=500,
        hint=N_("Stands at the end of every mail to customers."),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands at the head and foot of a print; empty lines are left out there."""

    company: str
    address: str
    phone: str
    hotline: str
    footer: str


def letterhead() -> Letterhead:
    """The letterhead as it is set now."""
    return Letterhead(COMPANY_NAME.value(), COMPANY_ADDRESS.value(), COMPANY_PHONE.value(), HOTLINE_PHONE.value(), PRINT_FOOTER.value())


def signed(text: str) -> str:
    """The text of a mail to a customer with the signature below it."""
    return f"{text.rstrip()}\n\n-- \n{MAIL_SIGNATURE.value()}\n"
