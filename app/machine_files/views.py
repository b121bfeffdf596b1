"""The file of one machine on the screen: what needs a person, its timeline, documents, readings, and what is missing."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from app.core.errors import N_, Invalid, NotFound
from app.core.types import Actor
from app.machine_files import queries
from app.machine_files.kinds import KINDS
from app.machine_files.queries import File, Wanted
from app.machine_files.timeline import Entry, kinds_for
from app.machines.models import Machine
from app.machines.queries import profile_of
from app.monitoring.views.machines import chart_of
from app.parts.catalogue import units_on
from app.service_reports.parts import parts_history
from app.web import uploads
from app.web.auth import actor, requires
from app.web.filters import money
from app.web.htmx import htmx
from app.web.i18n import language
from app.web.paper import qr_svg
from app.web.render import live_tag, render, tagged, unchanged

blueprint = Blueprint("machine_files", __name__)

LIVE = ("tickets", "alarms", "machines", "documents", "orders")
_KNOWN = frozenset(kind.name for kind in KINDS)
MAX_WORDS = 100
PARTS_SHOWN = 6


@blueprint.app_template_filter("fen")
def fen(amount: int) -> str:
    """An amount in hundredths of a yuan as people read it."""
    return money(Decimal(amount) / 100)


@blueprint.app_template_global("file_language")
def file_language() -> str:
    """The reader's language, for macros that are rendered without the page's context."""
    return language()


@blueprint.app_template_global("entry_words")
def entry_words(entry: Entry, file: File) -> Any:
    """An entry of the timeline in words, by the macro of its source."""
    words = current_app.jinja_env.get_template(entry.kind.template).module
    return getattr(words, entry.source.name)(entry.record, file)


@blueprint.get("/machines/<serial>")
@requires("machines.read")
def machine(serial: str) -> Response:
    """The machine's file; as a fragment its timeline, narrowed as the address says."""
    found, wanted = queries.by_serial(actor(), serial), wanted_from(request.args)
    shown = _timeline(actor(), found, wanted)
    if not htmx.wants_fragment:
        shown |= _surroundings(actor(), found)
    return render("machine_files/machine.html", fragment="machine_files/_timeline.html", **shown)


@blueprint.get("/machines/<serial>/now")
@requires("machines.read")
def now(serial: str) -> Response:
    """What needs a person now; keeps itself up to date."""
    tag = live_tag(*LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    found = queries.by_serial(actor(), serial)
    shown: dict[str, Any] = {"machine": found, "standing": queries.standing(actor(), found), "tag": tag}
    return tagged(render("machine_files/now.html", fragment="machine_files/_now.html", **shown), tag)


@blueprint.get("/machines/<serial>/readings")
@requires("monitoring.read")
def readings(serial: str) -> Response:
    """The readings of the machine as a chart: a page of its own, or the part of the file that is fetched when it comes into sight."""
    found = queries.by_serial(actor(), serial)
    chart = chart_of(found)
    shown: dict[str, Any] = {"machine": found, "chart": chart, "profile": profile_of(found)}
    return render("machine_files/readings.html", fragment="machine_files/_readings.html", **shown)


@blueprint.get("/machines/<serial>/repeats")
@requires("machines.read")
def repeats(serial: str) -> Response:
    """Faults that came back within 90 days, in the machine's whole past."""
    found = queries.by_serial(actor(), serial)
    return render("machine_files/repeats.html", machine=found, repeats=queries.repeats_of(actor(), found, is_whole=True))


@blueprint.get("/machines/<serial>/picture")
@requires("machines.read")
def picture(serial: str) -> Response:
    """The picture at the head of the file; ``?preview=1`` the small one."""
    found = queries.picture_of(queries.by_serial(actor(), serial))
    if found is None:
        raise NotFound(N_("This machine has no picture yet."))
    return uploads.send(found, preview="preview" in request.args)


@blueprint.get("/machines/<serial>/qr.svg")
@requires("machines.read")
def qr(serial: str) -> Response:
    """The QR code of the page on which the machine's users report a fault."""
    found = queries.by_serial(actor(), serial)
    address = qr_address(found)
    if address is None:
        raise NotFound(N_("This machine has no QR code yet."))
    response = current_app.response_class(qr_svg(address), mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def qr_address(found: Machine) -> str | None:
    """The address in the machine's QR code, None while it has none."""
    return f"{request.host_url}m/{found.qr_token}" if found.qr_token else None


def wanted_from(query: Mapping[str, Any]) -> Wanted:
    """What the address asks of the timeline. Raises ``Invalid`` for a day that is none; unknown kinds are passed over."""
    kinds = query.getlist("kind") if hasattr(query, "getlist") else []
    return Wanted(
        kinds=frozenset(kinds) & _KNOWN,
        q=query.get("q", "").strip()[:MAX_WORDS],
        from_on=_day(query.get("from", "")),
        to_on=_day(query.get("to", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("The list cannot be filtered that way.")) from None


def _timeline(reader: Actor, found: Machine, wanted: Wanted) -> dict[str, Any]:
    """What the timeline needs; it is read only when it is not kept from another reader of the same version."""
    after = request.args.get("after")
    return {
        "machine": found,
        "file": File(found),
        "wanted": wanted,
        "stretch_now": partial(queries.stretch, reader, found, wanted, after),
        "chips_now": partial(queries.chips, reader, found, wanted),
        "is_continued": after is not None,
        "tag": live_tag(*LIVE),
        "scope": (tuple(kind.name for kind in kinds_for(reader, KINDS)), reader.area_ids),
    }


def _surroundings(reader: Actor, found: Machine) -> dict[str, Any]:
    picture = queries.picture_of(found)
    return {
        "picture": picture,
        "standing": queries.standing(reader, found),
        "completeness": queries.completeness_of(found, has_photo=picture is not None),
        "documents": queries.documents_of(reader, found),
        "parts": parts_history(found, most=PARTS_SHOWN) if reader.may("service_reports.read") else [],
        "units": units_on(found) if reader.may("parts.read") else [],
        "repeats_now": partial(queries.repeats_of, reader, found),
        "ways": _ways(found),
    }


def _ways(found: Machine) -> dict[str, str]:
    """Addresses of what other screens do with a machine, as far as those screens are there."""
    wanted = {"move": "moves.move", "terminal": "monitoring.replace_terminal"}
    there = current_app.view_functions
    return {name: url_for(endpoint, serial=found.serial) for name, endpoint in wanted.items() if endpoint in there}
