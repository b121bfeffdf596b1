"""Corrections of signed reports: what it says instead and why; report and every amendment are kept (security §7).

The text of an amendment names the digest of what it amends, so that none can be taken out of the middle. Its digest is made by the centre.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.service_reports import booking, content, sheets
from app.service_reports.models import ReportAmendment, ReportStatus, ServiceReport
from app.service_reports.sheets import OWN_FIELDS
from app.service_reports.writing import PartLine, check_columns, check_parts
from app.work_orders import gate, visits
from app.work_orders.writing import LIVE, MISSING

AMEND = "service_reports.amend"
DISPATCH = "orders.dispatch"
MAX_REASON, MAX_NAME = 2_000, 60


def amend(
    *,
    by: Actor,
    report: ServiceReport,
    seen: int,
    reason: str,
    fields: Mapping[str, Any],
    parts: Sequence[PartLine] | None = None,
    signer: str = "",
    strokes: str = "",
    at: datetime | None = None,
) -> ReportAmendment:
    """Say what a signed report should say instead; ``seen`` is how many amendments were shown, ``strokes`` a new signature, if any.

    Parts that it adds are booked as those of a signature are.

    Raises ``Invalid`` (no reason, nothing changed, signature without a name), ``Conflict`` when it is not signed or was amended
    meanwhile, ``NotAllowed``: the technician of the job, or the deputy.
    """
    _check_author(by, report)
    check_columns(fields)
    words, name, drawn = reason.strip(), " ".join(signer.split()), _strokes(strokes)
    _check_words(words, name, has_strokes=bool(drawn))
    now = at or clock.now()
    with db.transaction():
        present = db.for_update(ServiceReport.select().where(ServiceReport.id == report.id)).get()
        sheet = sheets.of(present)
        if present.status == ReportStatus.DRAFT or sheet.signature is None:
            raise Conflict(N_("This report is not signed yet: it can be changed as it is."))
        if len(sheet.amendments) != seen:
            raise Conflict(N_("This report was amended meanwhile by %(who)s. Look at it again."), who=sheet.amendments[-1].by_name)
        changes = _changes(sheet.fields, fields, parts)
        if any(part.is_put_on for part in parts or ()) and "parts" in changes:
            gate.check_repair(present.order, now)
        before = sheet.amendments[-1].digest if sheet.amendments else sheet.signature.digest
        said = {"amends": before, "changes": changes, "number": seen + 1, "reason": words, "report": report.number, "signer": name}
        text = content.text_of(said | {"strokes": drawn})
        made: ReportAmendment = ReportAmendment.create(
            report=present, number=seen + 1, at=now, by=by.user_id, by_name=by.name, reason=words, signer_name=name,
            strokes=content.text_of(drawn) if drawn else "", content=text, digest=content.digest(text),
        )  # fmt: skip
        after = {"number": made.number, "changed": sorted(changes), "reason": words, "digest": made.digest}
        history.record(by, "service_report.amended", "service_report", report.number, after=after)
        if "parts" in changes:
            more = booking.added(sheet.fields["parts"], parts or ())
            booking.book(by, present, more, changes.get("cause", sheet.fields["cause"]), now)
        live.touch(LIVE)
    return made


def _check_author(by: Actor, report: ServiceReport) -> None:
    by.require(AMEND)
    if not by.may(DISPATCH) and by.user_id not in visits.people_of(report.order):
        raise NotAllowed(N_("This report is another technician's; they or the deputy amend it."))


def _strokes(text: str) -> list[content.Stroke]:
    return content.strokes_in(text) if text.strip() not in ("", "[]") else []


def _check_words(reason: str, name: str, *, has_strokes: bool) -> None:
    wrong = {}
    if not reason:
        wrong["reason"] = N_("A reason is needed here.")
    if len(reason) > MAX_REASON:
        wrong["reason"] = N_("This is too long for the field.")
    if has_strokes and not name:
        wrong["signer"] = N_("Who signs? The name, please.")
    if name and not has_strokes:
        wrong["signer"] = N_("There is no signature yet: please write the name with a finger or a pen.")
    if len(name) > MAX_NAME:
        wrong["signer"] = N_("This is too long for the field.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _changes(present: Mapping[str, Any], fields: Mapping[str, Any], parts: Sequence[PartLine] | None) -> dict[str, Any]:
    wanted = {name: value for name, value in fields.items() if name in OWN_FIELDS}
    if parts is not None:
        check_parts(parts)
        wanted["parts"] = [asdict(part) for part in parts]
    changes = {name: value for name, value in wanted.items() if value != present[name]}
    if not changes:
        raise Invalid(N_("Nothing is different: change what should be read instead."))
    for name in ("finding", "action"):
        if name in changes and not changes[name]:
            raise Invalid(MISSING, fields={name: N_("This cannot be empty in a signed report.")})
    return changes
