"""How times, numbers and links are written on a page."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri

from app.core import clock
from app.core.personal import masked_phone
from app.web.amounts import number_text
from app.web.i18n import language
from app.web.i18n import translated as _

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
PAGE_PARAMETERS = ("after", "before")


def init_app(app: Flask) -> None:
    """Register the filters ``age``, ``plain_age``, ``moment``, ``short_moment``, ``day``, ``number``, ``money``, ``quantity``,

    ``masked_phone``, and the globals ``here``, ``sparkline_lines``.
    """
    app.jinja_env.filters.update(age=age, plain_age=plain_age, moment=moment, short_moment=short_moment, day=day)
    app.jinja_env.filters.update(number=number, money=money, quantity=number_text, masked_phone=masked_phone)
    app.jinja_env.globals.update(here=here, request_has_page=request_has_page, sparkline_lines=sparkline_lines)


def local(at: datetime) -> datetime:
    """``at`` in the deployment's time zone."""
    return at.astimezone(current_app.config["CENTRE"].zone)


def day(on: date | None) -> str:
    """2026年11月23日, or 23 Nov 2026."""
    if on is None:
        return ""
    return f"{on.year}年{on.month}月{on.day}日" if _is_chinese() else f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def moment_text(at: datetime) -> str:
    """The date and the time to the second, local."""
    here_at = local(at)
    return f"{day(here_at.date())}{' ' if _is_chinese() else ', '}{here_at:%H:%M:%S}"


def moment(at: datetime | None) -> Markup:
    """A ``<time>`` with date and time in words."""
    return _time(at, moment_text(at), None) if at else Markup("")


def short_moment(at: datetime | None) -> Markup:
    """A ``<time>`` for tables: 11-23 14:05 in this year, with the year otherwise; the exact time on hover."""
    if at is None:
        return Markup("")
    here_at = local(at)
    is_this_year = here_at.year == local(clock.now()).year
    return _time(at, here_at.strftime("%m-%d %H:%M" if is_this_year else "%Y-%m-%d %H:%M"), moment_text(at))


def age(at: datetime | None) -> Markup:
    """A ``<time>`` that says how long ago ``at`` was; the exact time on hover and for screen readers."""
    return _time(at, age_text((clock.now() - at).total_seconds()), moment_text(at), is_age=True) if at else Markup("")


def plain_age(at: datetime) -> str:
    """How long ago ``at`` was, in words alone."""
    return age_text((clock.now() - at).total_seconds())


def age_text(seconds: float) -> str:
    """8 min, 3 h, 2 d; never negative, because clocks differ."""
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        return _("%(n)d min", n=seconds // _MINUTE)
    if seconds < _DAY:
        return _("%(n)d h", n=seconds // _HOUR)
    return _("%(n)d d", n=seconds // _DAY)


def number(value: int | float) -> str:
    """12,345 as both languages write it."""
    return f"{value:,}"


def money(amount: Decimal) -> str:
    """¥12,345.60."""
    return f"{'-' if amount < 0 else ''}¥{abs(amount):,.2f}"


def here(**changes: Any) -> str:
    """This address with some parameters of its query changed (None drops one); paging starts anew unless it is named.

    ``_suffix=".csv"`` makes it the address of the list's export.
    """
    kept = MultiDict((name, value) for name, value in request.args.items(multi=True) if name not in changes and name not in PAGE_PARAMETERS)
    path = request.path + changes.pop("_suffix", "")
    for name, value in changes.items():
        if value is not None:
            kept.add(name, str(value))
    query = urlencode(list(kept.items(multi=True)))
    return iri_to_uri(path) + (f"?{query}" if query else "")


def request_has_page() -> bool:
    """Whether a page other than the list's first is shown."""
    return any(name in request.args for name in PAGE_PARAMETERS)


def sparkline_lines(values: Sequence[float | None], width: int, height: int) -> list[str]:
    """Points of SVG polylines through ``values``, newest right; None is a gap and breaks the line."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return []
    low, high = min(known), max(known)
    step, span = width / (len(values) - 1), (high - low) or 1
    lines: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            lines.append([])
        else:
            lines[-1].append(f"{index * step:.1f},{height - 1 - (value - low) / span * (height - 2):.1f}")
    return [" ".join(line) for line in lines if len(line) > 1]


def _time(at: datetime, text: str, title: str | None, is_age: bool = False) -> Markup:
    # Put together by hand, a list has dozens of them; every part is ours and holds no markup.
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    if title is None:
        return Markup(f'<time datetime="{stamp}">{text}</time>')  # noqa: S704
    grows = " data-age" if is_age else ""  # static/js/app.js lets it grow on a page that stays open
    return Markup(f'<time datetime="{stamp}" title="{title}"{grows}>{text}<span class="visually-hidden"> ({title})</span></time>')  # noqa: S704


def _is_chinese() -> bool:
    return (language() or "zh").startswith("zh")
