"""What the desk wants to remember of a code, shown wherever it stands (monitoring §6)."""

from datetime import datetime

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines.models import Machine
from app.monitoring.models import CodeNote

MAX_NOTE = 500


def write(*, by: Actor, machine: Machine, code: str, text: str, version: int, at: datetime | None = None) -> None:
    """Note ``text`` of ``code`` for every machine of this profile; an empty one removes the note. ``version`` is 0 where none was shown.

    Raises ``NotAllowed``; ``Invalid`` for a machine without a profile; ``Conflict`` when somebody else has written meanwhile.
    """
    by.require("alarms.shelve")
    words = " ".join(text.split())
    if machine.profile_id is None:
        raise Invalid(N_("This machine has no monitoring profile: its codes carry no notes."), fields={})
    if len(words) > MAX_NOTE:
        message = N_("At most 500 characters.")
        raise Invalid(message, fields={"text": message})
    with db.transaction():
        before = db.for_update(CodeNote.select().where(CodeNote.profile == machine.profile_id, CodeNote.code == code)).first()
        if (before.version if before else 0) != version:
            raise Conflict(N_("%(name)s has written here meanwhile: %(text)s"), **_whose(before))
        if (before.text if before else "") == words:
            return
        _put(by, (machine.profile_id, code), words, version, at or clock.now())
        history.record(
            by,
            "code.noted" if words else "code.note_removed",
            "device_profile",
            machine.profile_id,
            before={"code": code, "note": before.text} if before else None,
            after={"code": code, "note": words} if words else None,
        )
        live.touch("alarms")


def _put(by: Actor, key: tuple[int, str], words: str, version: int, at: datetime) -> None:
    profile_id, code = key
    mine = (CodeNote.profile == profile_id) & (CodeNote.code == code) & (CodeNote.version == version)
    if not words:
        changed = CodeNote.delete().where(mine).execute()
    elif version:
        changed = CodeNote.update(text=words, at=at, by=by.user_id, by_name=by.name, version=version + 1).where(mine).execute()
    else:
        new = CodeNote.insert(profile=profile_id, code=code, text=words, at=at, by=by.user_id, by_name=by.name)
        changed = new.on_conflict_ignore().as_rowcount().execute()
    if changed != 1:
        raise Conflict(N_("Somebody has written here meanwhile. Look, then write again."))


def _whose(note: CodeNote | None) -> dict[str, str]:
    return {"name": note.by_name, "text": note.text} if note else {"name": "–", "text": "–"}
