"""What is done to documents: handing in scans and paper, filing, correcting, taking out. The only writer of the document register.

A document hangs on a machine, a model or a project (2E-22..31). Queries are in ``document_queries``, requests for forms in ``requests``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core import clock, db, files, history, live, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from app.core.files import Incoming, StoredFile
from app.core.types import Actor
from app.customers.models import Project
from app.machines import requests
from app.machines.models import Document, FormType, Machine, MachineModel
from app.machines.paperwork import PAPERLESS

Holder = Machine | MachineModel | Project
MOST_AT_ONCE = 30
MAX_TITLE, MAX_PLACE, MAX_ABOUT, MAX_REASON = 200, 40, 40, 200
INCOMPLETE = N_("Something is missing or wrong. See the words beside the fields.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """What is written of a document; ``cabinet`` and ``box`` say where its paper lies, ``about`` names a ticket or order."""

    form_type: FormType
    title: str = ""
    document_on: date | None = None
    about: str = ""
    has_paper: bool = False
    cabinet: str = ""
    box: str = ""


def hand_in(
    *,
    by: Actor,
    onto: Holder,
    details: DocumentDetails,
    incoming: Sequence[Incoming] = (),
    form_token: str | None = None,
    at: datetime | None = None,
) -> list[Document]:
    """Put documents into the file of ``onto``: one for each file that was taken in, or one of paper alone.

    A form sent again (``form_token``) gives the documents of the first sending. Open requests for the form are met by it.
    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    _require(by, onto)
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return _of_first_sending(form_token)
        _check(details, now)
        if not incoming and not _has_paper(details, is_file=False):
            raise Invalid(INCOMPLETE, fields={"files": N_("Choose a file, or say that the original is on paper.")})
        if len(incoming) > MOST_AT_ONCE:
            raise Invalid(INCOMPLETE, fields={"files": N_("At most 30 files at once.")})
        stored: list[StoredFile | None] = [files.keep(by=by, incoming=one, at=now) for one in incoming]
        made = [_write(by, onto, details, file, now) for file in stored or [None]]
        if form_token:
            submissions.settle(form_token, made[0].id)
        return made


def _of_first_sending(form_token: str) -> list[Document]:
    """All that came with the first document: what one form hands in shares its time, its writer and what it hangs on."""
    first = Document.get_by_id(int(submissions.result_of(form_token)))
    shared = (Document.machine, Document.model, Document.project, Document.by, Document.created_at)
    same = [
        column.is_null() if value is None else column == value
        for column, value in ((one, getattr(first, one.column_name)) for one in shared)
    ]
    return list(Document.select().where(Document.id >= first.id, *same).order_by(Document.id))


def _write(by: Actor, onto: Holder, details: DocumentDetails, file: StoredFile | None, now: datetime) -> Document:
    fields = _fields(details, is_file=file is not None)
    document = Document.create(
        **{_column(onto): onto, "file": file, "created_at": now, "by": by.user_id, "by_name": by.name},
        **fields,
        filed_at=now if _is_filed(fields) else None,
    )
    _record(by, "handed_in", document, after=shown(document))
    requests.meet(document, now)
    return document


def edit(*, by: Actor, document: Document, version: int, details: DocumentDetails, at: datetime | None = None) -> bool:
    """Correct what is written of a document; returns whether anything changed.

    Raises as ``hand_in``, and ``Conflict`` when ``version`` is no longer the present one.
    """
    _require_change(by, document)
    now, before = at or clock.now(), shown(document)
    with db.transaction():
        _check(details, now)
        fields = _fields(details, is_file=document.file_id is not None)
        if not fields["has_paper"] and document.file_id is None:
            raise Invalid(INCOMPLETE, fields={"has_paper": N_("Without a file the document is its paper.")})
        fields["filed_at"] = (document.filed_at or now) if _is_filed(fields) else None
        _claim(document, version, fields)
        if before == shown(document):
            return False
        _record(by, "edited", document, before=before, after=shown(document))
        requests.meet(document, now)
        return True


def file_away(
    *, by: Actor, document: Document, version: int, cabinet: str = "", box: str = "", is_paperless: bool = False, at: datetime | None = None
) -> None:
    """Say where the paper lies (归档), or that there is none (``is_paperless``). Raises ``Invalid``, ``Conflict``, ``NotAllowed``."""
    _require_change(by, document)
    before = shown(document)
    if is_paperless and document.file_id is None:
        raise Invalid(INCOMPLETE, fields={"is_paperless": N_("Without a file the document is its paper.")})
    if not is_paperless and not (cabinet.strip() and box.strip()):
        missing = N_("Please give cabinet and box.")
        raise Invalid(INCOMPLETE, fields={name: missing for name, text in (("cabinet", cabinet), ("box", box)) if not text.strip()})
    _check_lengths({"cabinet": (cabinet, MAX_PLACE), "box": (box, MAX_PLACE)})
    place = {"has_paper": not is_paperless, "cabinet": "" if is_paperless else cabinet.strip(), "box": "" if is_paperless else box.strip()}
    with db.transaction():
        _claim(document, version, place | {"filed_at": at or clock.now()})
        _record(by, "filed", document, before=before, after=shown(document))


def remove(*, by: Actor, document: Document, version: int, reason: str, at: datetime | None = None) -> None:
    """Take a document out of the file; it can be put back. A request it met is open again.

    Raises ``Invalid`` without a reason, ``Conflict``, ``NotAllowed``.
    """
    _require_change(by, document)
    if not reason.strip():
        raise Invalid(INCOMPLETE, fields={"reason": N_("Please say why.")})
    _check_lengths({"reason": (reason, MAX_REASON)})
    with db.transaction():
        now = at or clock.now()
        fields = {"removed_at": now, "removed_by_name": by.name, "removal_reason": reason.strip()}
        _claim(document, version, fields, is_removed=False)
        requests.unmeet(document)
        if document.file_id:
            Machine.update(photo=None).where(Machine.photo == document.file_id).execute()
        _record(by, "removed", document, after={"reason": reason.strip()})


def restore(*, by: Actor, document: Document, version: int, at: datetime | None = None) -> None:
    """Put a document back that was taken out. Raises ``Conflict``, ``NotAllowed``."""
    _require_change(by, document)
    with db.transaction():
        _claim(document, version, {"removed_at": None, "removed_by_name": "", "removal_reason": ""}, is_removed=True)
        requests.meet(document, at or clock.now())
        _record(by, "restored", document)


def show_as_picture(*, by: Actor, document: Document) -> None:
    """Show a photo at the head of its machine's file; pressed again, the newest photo is shown. Raises ``Invalid``, ``NotAllowed``."""
    by.require("documents.edit")
    if document.machine_id is None or document.removed_at is not None or not (document.file_id and document.file.has_preview):
        raise Invalid(N_("Only a picture in the file of a machine can be shown there."))
    with db.transaction():
        is_shown = Machine.select().where(Machine.id == document.machine_id, Machine.photo == document.file_id).exists()
        Machine.update(photo=None if is_shown else document.file_id).where(Machine.id == document.machine_id).execute()
        history.record(by, "machine.picture", "machine", document.machine.serial, after={"photo": None if is_shown else document.file_id})
        live.touch("machines")


def file_of(document: Document) -> StoredFile:
    """The file of a document. Raises ``NotFound`` for one that is paper alone."""
    if document.file_id is None:
        raise NotFound(N_("This document is on paper; there is no file."))
    file: StoredFile = document.file
    return file


def may_change(by: Actor, document: Document) -> bool:
    """Whether ``by`` may correct, file or take out ``document``: the desk, and who handed it in."""
    return by.may("documents.edit") or (by.may("documents.file") and document.by_id is not None and document.by_id == by.user_id)


def _require(by: Actor, onto: Holder) -> None:
    by.require("documents.file")
    if not isinstance(onto, Machine):
        by.require("documents.edit")


def _require_change(by: Actor, document: Document) -> None:
    if not may_change(by, document):
        raise NotAllowed(N_("Only who handed a document in, or the centre's desk, may change it."))


def _column(onto: Holder) -> str:
    return "machine" if isinstance(onto, Machine) else "model" if isinstance(onto, MachineModel) else "project"


def _check(details: DocumentDetails, now: datetime) -> None:
    wrong: dict[str, str] = {}
    if details.document_on and details.document_on > clock.day_of(now):
        wrong["document_on"] = N_("The date of a document cannot be in the future.")
    if bool(details.cabinet.strip()) != bool(details.box.strip()):
        wrong["box" if details.cabinet.strip() else "cabinet"] = N_("Please give cabinet and box.")
    if wrong:
        raise Invalid(INCOMPLETE, fields=wrong)
    limits = {"title": MAX_TITLE, "about": MAX_ABOUT, "cabinet": MAX_PLACE, "box": MAX_PLACE}
    _check_lengths({name: (getattr(details, name), limit) for name, limit in limits.items()})


def _check_lengths(texts: dict[str, tuple[str, int]]) -> None:
    wrong = {name: N_("This is too long.") for name, (text, limit) in texts.items() if len(text.strip()) > limit}
    if wrong:
        raise Invalid(INCOMPLETE, fields=wrong)


def _has_paper(details: DocumentDetails, *, is_file: bool) -> bool:
    is_in_a_box = bool(details.cabinet.strip() and details.box.strip())
    return is_in_a_box or (details.has_paper and not (is_file and details.form_type in PAPERLESS))


def _fields(details: DocumentDetails, *, is_file: bool) -> dict[str, Any]:
    return {
        "form_type": details.form_type,
        "title": details.title.strip(),
        "document_on": details.document_on,
        "about": details.about.strip(),
        "has_paper": _has_paper(details, is_file=is_file),
        "cabinet": details.cabinet.strip(),
        "box": details.box.strip(),
    }


def _is_filed(fields: dict[str, Any]) -> bool:
    return not fields["has_paper"] or bool(fields["cabinet"] and fields["box"])


def _claim(document: Document, version: int, fields: dict[str, Any], is_removed: bool = False) -> None:
    same = (Document.id == document.id) & (Document.version == version) & Document.removed_at.is_null(not is_removed)
    if Document.update(version=Document.version + 1, **fields).where(same).execute() != 1:
        raise Conflict(N_("Somebody else changed this document meanwhile. Look at the present state, then decide again."))
    for name, value in fields.items():
        setattr(document, name, value)
    document.version = version + 1


def shown(document: Document) -> dict[str, Any]:
    """What stands of a document in the history."""
    names = ("machine_id", "model_id", "project_id", "form_type", "title", "about", "file_id", "has_paper", "cabinet", "box")
    return {name: getattr(document, name) for name in names} | {
        "document_on": str(document.document_on) if document.document_on else None,
        "is_filed": document.filed_at is not None,
    }


def _record(by: Actor, action: str, document: Document, **values: Any) -> None:
    history.record(by, f"document.{action}", "document", document.id, **values)
    live.touch("documents")
