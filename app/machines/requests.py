"""Forms that technicians have yet to hand in (未交): asked for by a day, met by the document, waived with a reason, asked for again."""

from datetime import date, datetime
from typing import Any

from app.accounts import notices
from app.accounts.models import User
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines.models import Document, DocumentRequest, FormType, Machine

MAX_ABOUT, MAX_REASON = 40, 200
_is_open = DocumentRequest.document.is_null() & DocumentRequest.waived_at.is_null()


def ask(
    *,
    by: Actor,
    machine: Machine,
    form_type: FormType,
    technician: User | None = None,
    about: str = "",
    due_on: date | None = None,
    at: datetime | None = None,
) -> DocumentRequest:
    """Ask for a form of ``machine``, of ``technician`` if one is named (who is told); asked for already, that request is given.

    Raises ``Invalid``, ``NotAllowed``.
    """
    by.require("documents.edit")
    if len(about.strip()) > MAX_ABOUT:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"about": N_("This is too long.")})
    with db.transaction():
        same = (DocumentRequest.machine == machine) & (DocumentRequest.form_type == form_type) & (DocumentRequest.about == about.strip())
        present = DocumentRequest.get_or_none(same, _is_open)
        if present is not None:
            return _ask_again_of(by, present, technician, due_on)
        request = DocumentRequest.create(
            machine=machine,
            form_type=form_type,
            technician=technician,
            about=about.strip(),
            asked_at=at or clock.now(),
            asked_by_name=by.name,
            due_on=due_on,
        )
        _tell(request, machine)
        _record(by, "asked", request, after=_shown(request))
        return request


def _ask_again_of(by: Actor, request: DocumentRequest, technician: User | None, due_on: date | None) -> DocumentRequest:
    before = _shown(request)
    DocumentRequest.update(technician=technician, due_on=due_on).where(DocumentRequest.id == request.id).execute()
    request.technician, request.due_on = technician, due_on
    if before != _shown(request):
        _tell(request, request.machine)
        _record(by, "changed", request, before=before, after=_shown(request))
    return request


def waive(*, by: Actor, request: DocumentRequest, reason: str, at: datetime | None = None) -> None:
    """Do without the form. Raises ``Invalid`` without a reason, ``Conflict`` when it was met or waived meanwhile, ``NotAllowed``."""
    by.require("documents.edit")
    if not reason.strip() or len(reason.strip()) > MAX_REASON:
        words = N_("Please say why, in at most 200 characters.")
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"reason": words})
    with db.transaction():
        fields = {"waived_at": at or clock.now(), "waived_by_name": by.name, "waived_reason": reason.strip()}
        if DocumentRequest.update(**fields).where(DocumentRequest.id == request.id, _is_open).execute() != 1:
            raise Conflict(N_("The form was handed in or waived meanwhile."))
        _record(by, "waived", request, after={"reason": reason.strip()})


def ask_again(*, by: Actor, request: DocumentRequest) -> None:
    """Take a waiver back. Raises ``Conflict`` when the form is asked for anew already, ``NotAllowed``."""
    by.require("documents.edit")
    with db.transaction():
        if request.waived_at is None or _has_open_twin(request):
            raise Conflict(N_("This form is asked for already."))
        fields = {"waived_at": None, "waived_by_name": "", "waived_reason": ""}
        DocumentRequest.update(**fields).where(DocumentRequest.id == request.id).execute()
        _record(by, "asked_again", request)


def meet(document: Document, at: datetime) -> None:
    """The open requests that ``document`` meets are met, in the running transaction: same machine and form, and the same ticket or order.

    Words about no ticket, on either side, fit when only one request of that form is open.
    """
    if document.machine_id is None or document.removed_at is not None:
        return
    same = (DocumentRequest.machine == document.machine_id) & (DocumentRequest.form_type == document.form_type) & _is_open
    candidates = list(DocumentRequest.select().where(same))
    fitting = [one for one in candidates if one.about == document.about]
    if not fitting and len(candidates) == 1 and (not document.about or not candidates[0].about):
        fitting = candidates
    for request in fitting:
        DocumentRequest.update(document=document).where(DocumentRequest.id == request.id).execute()


def unmeet(document: Document) -> None:
    """The requests that ``document`` had met are open again, in the running transaction, unless the form was asked for anew."""
    for request in DocumentRequest.select().where(DocumentRequest.document == document):
        if not _has_open_twin(request):
            DocumentRequest.update(document=None).where(DocumentRequest.id == request.id).execute()


def _has_open_twin(request: DocumentRequest) -> bool:
    same = (DocumentRequest.machine == request.machine_id) & (DocumentRequest.form_type == request.form_type)
    return bool(DocumentRequest.select().where(same & (DocumentRequest.about == request.about) & _is_open).exists())


def _tell(request: DocumentRequest, machine: Machine) -> None:
    if request.technician_id is not None:
        message = N_("Please hand in a form for machine %(serial)s.")
        notices.notify([request.technician_id], message, href=f"/machines/{machine.serial}/documents/new", serial=machine.serial)


def _shown(request: DocumentRequest) -> dict[str, Any]:
    names = ("machine_id", "form_type", "technician_id", "about")
    return {name: getattr(request, name) for name in names} | {"due_on": str(request.due_on) if request.due_on else None}


def _record(by: Actor, action: str, request: DocumentRequest, **values: Any) -> None:
    history.record(by, f"document_request.{action}", "document_request", request.id, **values)
    live.touch("documents")
