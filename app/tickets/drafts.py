"""Calls half typed in: kept while one types, put aside, taken up again. A draft is its writer's own; others do not know that it exists.

What is typed is never lost silently: a draft that another page has written meanwhile is left alone and the words go into one of their own.
"""

import contextlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from peewee import IntegrityError, fn

from app.core import clock, db, submissions
from app.core import files as stored
from app.core.errors import N_, Invalid, NotFound
from app.core.files import Incoming, StoredFile
from app.core.prepared import Prepared
from app.core.types import Actor
from app.tickets.models import IntakeDraft, IntakeDraftFile, Ticket, TicketNote

KEPT = timedelta(days=30)
TAKEN_BACK_WITHIN = timedelta(hours=1)
MAX_VALUE = 8_000
MAX_LABEL = 120
MOST_SHOWN = 12
# What of the form is kept. Words that somebody typed make a draft; the others alone do not.
TYPED = ("q", "machine", "customer", "caller_name", "caller_phone", "title", "text", "solution")
CHOSEN = (
    "contact_id", "kind", "priority", "channel", "called_at", "is_major", "responsible", "new_customer", "keeps_contact", "repeat_of",
    "mail", "is_urging",
)  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")

Content = dict[str, str]


class Fate(StrEnum):
    """What became of words that were sent to be kept."""

    KEPT = "kept"
    PARTED = "parted"  # another page wrote this draft meanwhile: these words have a draft of their own
    FILED = "filed"  # the draft has become a ticket; what differs from it has a draft of its own
    NOTHING = "nothing"  # nothing was typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a page sends to be kept: its words, which page it is, its how manieth writing, and when it saw the draft last."""

    draft_id: str
    content: Content
    page: str = ""
    turn: int = 0
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a writing; ``draft`` is where the words stand, ``other`` the draft or ticket beside it."""

    fate: Fate
    draft: IntakeDraft | None = None
    other: IntakeDraft | Ticket | None = None


def new_id() -> str:
    """An id for a draft about to be typed; it is the form's token too, so that one draft opens one ticket."""
    return secrets.token_urlsafe(24)


def content_of(form: Mapping[str, str]) -> Content:
    """What of a form is kept, without what is empty."""
    return {name: value[:MAX_VALUE] for name in TYPED + CHOSEN if (value := form.get(name, "").strip())}


def is_empty(content: Content) -> bool:
    """Whether nothing of it was typed by a person."""
    return not any(content.get(name) for name in TYPED)


def label_of(content: Content) -> str:
    """A few words by which a draft is told from others: the machine or whom it is about, else who calls; and what it is about."""
    about = (
        content.get("machine") or content.get("customer") or content.get("caller_name") or content.get("caller_phone") or content.get("q")
    )
    words = [about, content.get("title") or content.get("text", "")[:40]]
    return " · ".join(word for word in words if word)[:MAX_LABEL]


# --- reading ----------------------------------------------------------------

_unfinished = Prepared(
    lambda user_id: (
        IntakeDraft.select()
        .where(IntakeDraft.user == user_id, IntakeDraft.discarded_at.is_null())
        .order_by(IntakeDraft.updated_at.desc(), IntakeDraft.id)
        .limit(MOST_SHOWN)
    )
)
_parked = Prepared(
    lambda user_id: (
        IntakeDraft.select(fn.COUNT(IntakeDraft.id))
        .where(IntakeDraft.user == user_id, IntakeDraft.is_parked, IntakeDraft.discarded_at.is_null())
        .tuples()
    )
)
_discarded = Prepared(
    lambda user_id, since: (
        IntakeDraft.select()
        .where(IntakeDraft.user == user_id, IntakeDraft.discarded_at > since)
        .order_by(IntakeDraft.discarded_at.desc(), IntakeDraft.id)
        .limit(MOST_SHOWN)
    )
)
_by_id = Prepared(lambda draft_id: IntakeDraft.select().where(IntakeDraft.id == draft_id))
_files_of = Prepared(
    lambda draft_id, user_id: (
        IntakeDraftFile.select(IntakeDraftFile, StoredFile)
        .join_from(IntakeDraftFile, StoredFile)
        .join_from(IntakeDraftFile, IntakeDraft)
        .where(IntakeDraftFile.draft == draft_id, IntakeDraft.user == user_id)
        .order_by(IntakeDraftFile.id)
    )
)


def unfinished(actor: Actor) -> list[IntakeDraft]:
    """The drafts of ``actor``, the one written last first."""
    return _unfinished.rows(actor.user_id)


def discarded(actor: Actor, at: datetime) -> list[IntakeDraft]:
    """What ``actor`` threw away less than ``TAKEN_BACK_WITHIN`` ago."""
    return _discarded.rows(actor.user_id, clock.to_ms(at - TAKEN_BACK_WITHIN))


def count_parked(actor: Actor) -> int:
    """How many calls ``actor`` has put aside."""
    ((count,),) = _parked.rows(actor.user_id)
    return int(count)


def by_id(actor: Actor, draft_id: str) -> IntakeDraft:
    """The draft, thrown away or not. Raises ``NotFound`` for one of somebody else."""
    draft: IntakeDraft | None = _by_id.first(draft_id)
    if draft is None or draft.user_id != actor.user_id:
        raise NotFound(N_("There is no such draft, or it is somebody else's."))
    return draft


def content(draft: IntakeDraft) -> Content:
    """What stands in a draft."""
    found: Content = json.loads(draft.content)
    return found


def files_of(actor: Actor, draft_id: str) -> list[IntakeDraftFile]:
    """The files handed in with a draft of ``actor``, in the order they came."""
    return _files_of.rows(draft_id, actor.user_id)


def file_by_id(actor: Actor, file_id: int) -> IntakeDraftFile:
    """A file of a draft. Raises ``NotFound`` for one of somebody else's draft."""
    query = (
        IntakeDraftFile.select(IntakeDraftFile, StoredFile).join_from(IntakeDraftFile, StoredFile).join_from(IntakeDraftFile, IntakeDraft)
    )
    found: IntakeDraftFile | None = query.where(IntakeDraftFile.id == file_id, IntakeDraft.user == actor.user_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such file, or it is not for you to see."))
    return found


# --- writing ----------------------------------------------------------------


def keep(*, by: Actor, writing: Writing, is_parked: bool = False, at: datetime | None = None) -> Kept:
    """Keep what is being typed; a late answer of the same page never replaces what it wrote after it.

    Raises ``NotFound`` for a draft of somebody else, ``Invalid`` for an id that no form of ours has.
    """
    by.require("tickets.open")
    if not _ID.fullmatch(writing.draft_id):
        raise Invalid(N_("This form is not complete. Reload the page and send it again."))
    kept_at = at or clock.now()
    with db.transaction():
        filed = _ticket_of(writing.draft_id)
        if filed is not None:
            return _keep_after_filing(by, writing, filed, kept_at)
        draft: IntakeDraft | None = db.for_update(IntakeDraft.select().where(IntakeDraft.id == writing.draft_id)).first()
        if draft is None:
            made = _create(by, writing.draft_id, writing, is_parked, kept_at)
            return Kept(Fate.KEPT if made else Fate.NOTHING, made)
        if draft.user_id != by.user_id:
            raise NotFound(N_("There is no such draft, or it is somebody else's."))
        if is_stale(draft, writing):
            return Kept(Fate.PARTED, _part(by, writing, is_parked, kept_at), draft)
        if draft.page == writing.page and draft.turn > writing.turn:
            return Kept(Fate.KEPT, draft)
        return _update(by, draft, writing, is_parked, kept_at)


def is_stale(draft: IntakeDraft, writing: Writing) -> bool:
    """Whether another page has written the draft since this one saw it, and wrote something else."""
    if draft.page == writing.page or content(draft) == writing.content:
        return False
    return writing.seen is None or draft.updated_at > writing.seen


def _ticket_of(draft_id: str) -> Ticket | None:
    number = submissions.record_of(draft_id)
    return Ticket.get_or_none(Ticket.id == int(number)) if number else None


def _keep_after_filing(by: Actor, writing: Writing, filed: Ticket, at: datetime) -> Kept:
    """A page that goes on typing after its call was filed: what stands in the ticket already is not kept again."""
    if says_the_same(writing.content, filed) or _is_noted(writing.content, filed):
        return Kept(Fate.FILED, None, filed)
    return Kept(Fate.FILED, _part(by, writing, False, at), filed)


def says_the_same(content: Content, filed: Ticket) -> bool:
    """Whether the words of a form are those of the ticket it became."""
    return content.get("title", "") == filed.title and content.get("text", "") == filed.text


def _is_noted(words: Content, filed: Ticket) -> bool:
    """Whether the words joined the ticket as one of its last notes."""
    said = [words.get("title", ""), words.get("text", "")]
    last = TicketNote.select(TicketNote.text).where(TicketNote.ticket == filed).order_by(TicketNote.id.desc()).limit(5).tuples()
    return any(all(part in text for part in said) for (text,) in last)


def _create(by: Actor, draft_id: str, writing: Writing, is_parked: bool, at: datetime) -> IntakeDraft | None:
    return None if is_empty(writing.content) else _written(by, draft_id, writing, is_parked, at)


def _written(by: Actor, draft_id: str, writing: Writing, is_parked: bool, at: datetime) -> IntakeDraft:
    return IntakeDraft.create(
        id=draft_id, user=by.user_id, is_parked=is_parked, created_at=at, updated_at=at, page=writing.page, turn=writing.turn,
        label=label_of(writing.content), content=_json(writing.content),
    )  # fmt: skip


def _part(by: Actor, writing: Writing, is_parked: bool, at: datetime) -> IntakeDraft | None:
    """A draft of its own for this page; the one it has already, if it never heard that it was given one."""
    mine = IntakeDraft.get_or_none(IntakeDraft.user == by.user_id, IntakeDraft.page == writing.page, IntakeDraft.id != writing.draft_id)
    if mine is None or not writing.page:
        return _create(by, new_id(), writing, is_parked, at)
    return _update(by, mine, writing, is_parked, at).draft


def _update(by: Actor, draft: IntakeDraft, writing: Writing, is_parked: bool, at: datetime) -> Kept:
    if is_empty(writing.content) and not files_of(by, draft.id):
        draft.delete_instance()
        return Kept(Fate.NOTHING)
    draft.label, draft.content, draft.is_parked = label_of(writing.content), _json(writing.content), is_parked
    draft.page, draft.turn, draft.updated_at, draft.discarded_at = writing.page, writing.turn, at, None
    draft.save()
    return Kept(Fate.KEPT, draft)


def _json(words: Content) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


def discard(*, by: Actor, draft: IntakeDraft, at: datetime | None = None) -> None:
    """Throw a draft away; for an hour it can be taken back."""
    with db.transaction():
        IntakeDraft.update(discarded_at=at or clock.now()).where(IntakeDraft.id == draft.id, IntakeDraft.user == by.user_id).execute()


def take_back(*, by: Actor, draft: IntakeDraft) -> None:
    """Fetch a draft back that was thrown away."""
    with db.transaction():
        IntakeDraft.update(discarded_at=None).where(IntakeDraft.id == draft.id, IntakeDraft.user == by.user_id).execute()


def take_up(*, by: Actor, draft: IntakeDraft) -> None:
    """Go on with a draft: it is no longer put aside, and no longer thrown away."""
    with db.transaction():
        same = (IntakeDraft.id == draft.id) & (IntakeDraft.user == by.user_id)
        IntakeDraft.update(is_parked=False, discarded_at=None).where(same).execute()


def hand_in(*, by: Actor, writing: Writing, files: Sequence[Incoming], at: datetime | None = None) -> None:
    """Keep files with a draft, which is made if nothing was typed yet. Raises as ``keep``."""
    handed_at = at or clock.now()
    with db.transaction():
        draft = keep(by=by, writing=writing, at=handed_at).draft
        if not files:
            return
        if draft is None:
            draft = _written(by, writing.draft_id, writing, False, handed_at)
        for incoming in files:
            IntakeDraftFile.create(draft=draft, file=stored.keep(by=by, incoming=incoming, at=handed_at), at=handed_at)


def remove_file(*, by: Actor, file: IntakeDraftFile) -> None:
    """Take a file out of the draft it was handed in with."""
    with db.transaction():
        file_by_id(by, file.id).delete_instance()


_own_draft = Prepared(
    lambda draft_id, user_id: IntakeDraft.select().where(IntakeDraft.id == draft_id, IntakeDraft.user == user_id).limit(1)
)


def become_ticket(by: Actor, writing: Writing, ticket: Ticket) -> list[StoredFile]:
    """End the draft that was filed as ``ticket``, in the running transaction; returns its files.

    What another page wrote into it meanwhile stays as a draft of its own.
    """
    draft: IntakeDraft | None = _own_draft.first(writing.draft_id, by.user_id) if writing.draft_id else None
    if draft is None:
        return []
    files = [row.file for row in files_of(by, draft.id)]
    if is_stale(draft, writing):
        other = Writing(draft_id=new_id(), content=content(draft), page=draft.page, turn=draft.turn)
        _create(by, other.draft_id, other, False, draft.updated_at)
    draft.delete_instance()
    return files


def purge(at: datetime) -> int:
    """Delete drafts thrown away more than an hour ago, and those that nobody has touched for ``KEPT``; returns how many."""
    gone = (IntakeDraft.discarded_at < at - TAKEN_BACK_WITHIN) | (IntakeDraft.updated_at < at - KEPT)
    with db.transaction():
        files = [row.file_id for row in IntakeDraftFile.select(IntakeDraftFile.file).join(IntakeDraft).where(gone)]
        deleted: int = IntakeDraft.delete().where(gone).execute()
        for file_id in files:
            with contextlib.suppress(IntegrityError), db.savepoint():  # a file that hangs on something else stays
                StoredFile.delete().where(StoredFile.id == file_id).execute()
    return deleted
