"""What stands around every page: navigation by what the reader may see, language, theme, banners.

An entry is an address; it is shown when a view answers there and the reader holds the permission that view declares,
so no permission is written down twice and a screen that is not installed leaves no dead link.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request
from flask_babel import lazy_gettext
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.web.auth import PUBLIC, may, policy_of
from app.web.i18n import language

THEMES = ("light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation; ``key`` is its letter after ``g``."""

    path: str
    label: Any
    icon: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Banner:
    """A sentence above every page of the desk: the state of the whole system, not of one machine.

    ``tone`` is ``critical``, ``high`` or ``plain``.
    """

    text: str
    tone: str = "plain"
    href: str | None = None


MAIN = (
    Entry("/", lazy_gettext("Start"), "home", "h"),
    Entry("/my/jobs", lazy_gettext("My jobs"), "truck", "j"),
    Entry("/monitoring", lazy_gettext("Monitoring"), "activity", "b"),
    Entry("/tickets", lazy_gettext("Tickets"), "ticket", "t"),
    Entry("/dispatch", lazy_gettext("Dispatch"), "send", "v"),
    Entry("/faults", lazy_gettext("Faults"), "alert-triangle", "f"),
    Entry("/machines", lazy_gettext("Machines"), "building-factory-2", "m"),
    Entry("/customers", lazy_gettext("Customers"), "building", "c"),
)
MORE = (
    Entry("/work-orders", lazy_gettext("Work orders"), "clipboard-text", "o"),
    Entry("/service-reports", lazy_gettext("Service reports"), "file-text", "r"),
    Entry("/hotline-records", lazy_gettext("400 records"), "phone", "4"),
    Entry("/guidance", lazy_gettext("Calls for help"), "message"),
    Entry("/technician-reports", lazy_gettext("Technicians' reports"), "clipboard-text"),
    Entry("/documents", lazy_gettext("Documents"), "file-text", "d"),
    Entry("/call-backs", lazy_gettext("Call-backs"), "phone", "k"),
    Entry("/call-backs/follow-ups", lazy_gettext("Follow-ups of call-backs"), "clipboard-text"),
    Entry("/complaints", lazy_gettext("Complaints"), "message"),
    Entry("/return-visits", lazy_gettext("Return visits"), "map-pin"),
    Entry("/mail", lazy_gettext("Inbox"), "inbox"),
    Entry("/work-slips", lazy_gettext("Work slips"), "clipboard-text"),
    Entry("/parts", lazy_gettext("Parts"), "adjustments"),
    Entry("/stock", lazy_gettext("Stock"), "inbox"),
    Entry("/requisitions", lazy_gettext("Requisitions"), "clipboard-text"),
    Entry("/purchases", lazy_gettext("Purchase requests"), "clipboard-text"),
    Entry("/parts-orders", lazy_gettext("Parts orders"), "clipboard-text"),
    Entry("/shipments", lazy_gettext("Shipments"), "truck"),
    Entry("/returns", lazy_gettext("Returned parts"), "refresh"),
    Entry("/nonconformities", lazy_gettext("Nonconformity reports"), "alert-triangle"),
    Entry("/contracts", lazy_gettext("Contracts"), "file-text"),
    Entry("/approvals", lazy_gettext("Approvals"), "check"),
    Entry("/invoices", lazy_gettext("Invoice register"), "file-text"),
    Entry("/receivables", lazy_gettext("Receivables"), "file-spreadsheet"),
    Entry("/payments", lazy_gettext("Payments"), "check"),
    Entry("/cash", lazy_gettext("Cash of technicians"), "user"),
    Entry("/dunning", lazy_gettext("Dunning"), "phone"),
    Entry("/collection", lazy_gettext("Collection rate"), "activity"),
    Entry("/costs", lazy_gettext("Service costs"), "activity"),
    Entry("/profit", lazy_gettext("Secondary profit"), "activity"),
    Entry("/projects", lazy_gettext("Projects"), "clipboard-text", "p"),
    Entry("/technicians", lazy_gettext("Technicians"), "users"),
    Entry("/vehicles", lazy_gettext("Vehicles"), "truck"),
    Entry("/models", lazy_gettext("Models"), "building-factory-2"),
    Entry("/broadcasts", lazy_gettext("Broadcasts"), "send"),
    Entry("/shifts", lazy_gettext("Shift log"), "clock"),
    Entry("/monitoring/figures", lazy_gettext("Alarm figures"), "activity"),
    Entry("/customers-to-tell", lazy_gettext("Customers to be told"), "phone"),
    Entry("/quality-reports", lazy_gettext("Quality reports"), "file-text"),
    Entry("/monitoring/silent", lazy_gettext("Silent machines"), "plug-connected-x"),
    Entry("/monitoring/feed", lazy_gettext("Feed"), "server-2"),
    Entry("/monitoring/credentials", lazy_gettext("Device credentials"), "lock"),
    Entry("/profiles", lazy_gettext("Monitoring profiles"), "adjustments"),
    Entry("/imports", lazy_gettext("Imports"), "file-spreadsheet"),
    Entry("/roster", lazy_gettext("Duty roster"), "clock"),
    Entry("/people", lazy_gettext("Where people are"), "users"),
    Entry("/calendar", lazy_gettext("Working calendar"), "calendar"),
    Entry("/contract-templates", lazy_gettext("Contract templates"), "file-text"),
    Entry("/clocks/targets", lazy_gettext("Deadlines"), "clock"),
    Entry("/users", lazy_gettext("Users"), "users"),
    Entry("/areas", lazy_gettext("Areas"), "map-pin"),
    Entry("/outbox", lazy_gettext("Outgoing messages"), "send"),
    Entry("/stations", lazy_gettext("Stations"), "map-pin"),
    Entry("/departments", lazy_gettext("Departments"), "building"),
    Entry("/history", lazy_gettext("History"), "history"),
    Entry("/tax-rates", lazy_gettext("Tax rates"), "adjustments"),
    Entry("/settings", lazy_gettext("Settings"), "adjustments"),
)
# Under which heading an entry stands in the menu; one that is named nowhere stands under the last.
GROUPS: tuple[tuple[Any, frozenset[str]], ...] = (
    (
        lazy_gettext("Daily work"),
        frozenset(
            {
                "/work-orders", "/service-reports", "/hotline-records", "/guidance", "/technician-reports", "/documents", "/call-backs",
                "/call-backs/follow-ups", "/complaints", "/return-visits", "/mail", "/work-slips", "/outbox", "/broadcasts", "/roster",
                "/people", "/shifts", "/customers-to-tell", "/monitoring/figures", "/monitoring/silent", "/quality-reports",
            }
        ),
    ),
    (
        lazy_gettext("Parts and stock"),
        frozenset(
            {"/parts", "/stock", "/requisitions", "/purchases", "/parts-orders", "/shipments", "/returns", "/nonconformities"}
        ),
    ),
    (
        lazy_gettext("Contracts and money"),
        frozenset(
            {
                "/contracts", "/approvals", "/invoices", "/receivables", "/payments", "/cash", "/dunning", "/profit", "/costs",
                "/collection",
            }
        ),
    ),
    (lazy_gettext("Registers"), frozenset({"/projects", "/technicians", "/vehicles", "/models", "/profiles", "/imports"})),
    (lazy_gettext("Administration"), frozenset()),
)  # fmt: skip
SEARCHED = ("/search", "/tickets", "/machines")
INTAKE = "/tickets/new"
BannerSource = Callable[[], Banner | None]


def init_app(app: Flask, banner_sources: tuple[BannerSource, ...] = ()) -> None:
    """Give every template what the layouts need; each of ``banner_sources`` is asked once per desk page."""
    app.extensions["banner_sources"] = banner_sources
    app.context_processor(_surroundings)


def _surroundings() -> dict[str, Any]:
    return {
        "main_entries": lambda: list(shown(MAIN)),
        "more_groups": more_groups,
        "is_current": is_current,
        "is_open_to_reader": is_open_to_reader,
        "search_path": lambda: next(filter(is_open_to_reader, SEARCHED), None),
        "intake_path": lambda: INTAKE if is_open_to_reader(INTAKE) else None,
        "banners": banners,
        "language": language(),
        "theme": chosen_theme(),
    }


def shown(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    """Those of ``entries`` that the reader may open."""
    return (entry for entry in entries if is_open_to_reader(entry.path))


def more_groups() -> list[tuple[Any, list[Entry]]]:
    """The entries of the menu that the reader may open, by heading; headings without any are left out."""
    entries = list(shown(MORE))
    named = frozenset().union(*(paths for _heading, paths in GROUPS))
    last = GROUPS[-1][0]
    groups = [
        (heading, [entry for entry in entries if entry.path in paths or (heading is last and entry.path not in named)])
        for heading, paths in GROUPS
    ]
    return [(heading, found) for heading, found in groups if found]


def is_open_to_reader(path: str) -> bool:
    """Whether a page stands at ``path`` and the signed-in person may open it."""
    if not current_user.is_authenticated:
        return False
    policy = _policies().get(path)
    return policy is not None and (policy == PUBLIC or may(policy))


def is_current(entry: Entry) -> bool:
    """Whether the page shown belongs to ``entry``."""
    return request.path == entry.path or (entry.path != "/" and request.path.startswith(entry.path + "/") and not is_named_deeper(entry))


def is_named_deeper(entry: Entry) -> bool:
    """Whether another entry stands for this page more exactly, as the feed does below the monitoring."""
    return any(other.path.startswith(entry.path + "/") and request.path.startswith(other.path) for other in MORE)


def banners() -> list[Banner]:
    """What every desk page says above its heading now."""
    return [banner for source in current_app.extensions["banner_sources"] if (banner := source()) is not None]


def chosen_theme() -> str | None:
    """``light``, ``dark``, or None for what the device prefers."""
    theme = getattr(current_user, "theme", None) or request.cookies.get(THEME_COOKIE)
    return theme if theme in THEMES else None


def _policies() -> dict[str, str | None]:
    """The policy of each address above; computed once, as views do not change while the portal runs."""
    kept: dict[str, str | None] | None = current_app.extensions.get("navigation_policies")
    if kept is None:
        paths = {entry.path for entry in MAIN + MORE} | {INTAKE, *SEARCHED}
        kept = current_app.extensions["navigation_policies"] = {path: _policy_at(path) for path in paths}
    return kept


def _policy_at(path: str) -> str | None:
    adapter = current_app.url_map.bind("localhost")
    try:
        endpoint, _arguments = adapter.match(path, method="GET")
    except RequestRedirect as elsewhere:
        return _policy_at(elsewhere.new_url.removeprefix("http://localhost")) if path + "/" in elsewhere.new_url else None
    except HTTPException:
        return None
    return policy_of(current_app, endpoint)
