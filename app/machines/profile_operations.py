"""What is done to monitoring profiles; every version stays, with who made it and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor, system
from app.machines.models import DeviceProfile, DeviceProfileVersion, Machine
from app.machines.profiles import SHIPPED, Profile, editing
from app.machines.profiles.parsing import parse

EDIT = "profiles.edit"
LONGEST_REASON = 200
SHIPPED_NAMES = frozenset(path.stem for path in SHIPPED)
NEW = 0  # the version seen of a profile that is not there yet


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """What an import did: the row, what it reads as, and whether anything changed."""

    row: DeviceProfile
    profile: Profile
    is_changed: bool


def import_profile(
    *, by: Actor, text: str, seen: int | None = None, name: str = "", reason: str = "", at: datetime | None = None
) -> ImportedProfile:
    """Take in a profile file whole; the same text again changes nothing.

    ``seen`` is the version that was looked at (``NEW`` for none yet), None to replace whatever there is; ``name`` is the profile that the
    text must be of. Raises ``InvalidFile`` with every mistake and its line, ``Invalid``, ``NotAllowed`` for those who may not edit
    profiles, ``Conflict`` when another version came first, saying whose.
    """
    by.require(EDIT)
    profile = parse(text)
    if name and profile.name != name:
        raise Invalid(N_("A profile keeps its name: %(name)s. For another name make a new profile."), name=name)
    if len(reason) > LONGEST_REASON:
        raise Invalid(N_("The reason is too long."), fields={"reason": N_("This is too long.")})
    changed_at = at or clock.now()
    with db.transaction():
        present = DeviceProfile.get_or_none(DeviceProfile.name == profile.name)
        refuse_outdated(present, seen)
        if present is not None and present.document == text:
            return ImportedProfile(present, profile, is_changed=False)
        row = _renew(present, profile, text, changed_at) if present else _create(profile, text, changed_at)
        _keep(row, by, reason, changed_at)
        before = {"version": present.version} if present else None
        after = {"version": row.version} | ({"reason": reason} if reason else {})
        history.record(by, "profile.imported", "profile", profile.name, before=before, after=after)
        live.touch("alarms")
    return ImportedProfile(row, profile, is_changed=True)


def put_entry(*, by: Actor, row: DeviceProfile, seen: int, path: Sequence[str | int], entry: Any, reason: str = "") -> ImportedProfile:
    """Write one entry of the profile, ``("codes", "E04")`` or ``("rules", 0)``, and leave the rest of its text as it is.

    Raises as ``import_profile`` does; the lines of a mistake are those of the text as it would be.
    """
    return import_profile(by=by, text=editing.put(row.document, path, entry), seen=seen, name=row.name, reason=reason)


def drop_entry(*, by: Actor, row: DeviceProfile, seen: int, path: Sequence[str | int], reason: str = "") -> ImportedProfile:
    """Take one entry out of the profile. Raises as ``import_profile`` does."""
    return import_profile(by=by, text=editing.drop(row.document, path), seen=seen, name=row.name, reason=reason)


def restore(*, by: Actor, row: DeviceProfile, seen: int, version: DeviceProfileVersion, reason: str) -> ImportedProfile:
    """Make an old version the newest one. Raises as ``import_profile`` does."""
    return import_profile(by=by, text=version.document, seen=seen, name=row.name, reason=reason)


@dataclass(frozen=True, slots=True)
class NewProfile:
    """What a new profile is called."""

    name: str
    zh: str
    en: str


def copy_profile(*, by: Actor, source: DeviceProfile, new: NewProfile, form_token: str | None = None) -> DeviceProfile:
    """Make a new profile from ``source``; a form sent again answers with the profile of the first sending.

    Raises ``Invalid`` for a name that is taken, ``InvalidFile``, ``NotAllowed``.
    """
    by.require(EDIT)
    titled = editing.put(source.document, ("name",), {"zh": new.zh, "en": new.en})
    text = editing.put(titled, ("profile",), new.name)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return DeviceProfile.get(DeviceProfile.name == submissions.result_of(form_token))
        if DeviceProfile.select().where(DeviceProfile.name == new.name).exists():
            raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"name": N_("This name is taken.")})
        row = import_profile(by=by, text=text, seen=NEW).row
        if form_token:
            submissions.settle(form_token, row.name)
    return row


def remove_profile(*, by: Actor, row: DeviceProfile, seen: int) -> None:
    """Remove a profile with all its versions. Raises ``Conflict`` when a machine uses it or it was changed meanwhile, ``NotAllowed``."""
    by.require(EDIT)
    with db.transaction():
        refuse_outdated(DeviceProfile.get_or_none(DeviceProfile.id == row.id), seen)
        used = Machine.select().where(Machine.profile == row.id).count()
        if used:
            raise Conflict(N_("%(count)d machines are monitored by this profile. Give them another one first."), count=used)
        DeviceProfileVersion.delete().where(DeviceProfileVersion.profile == row.id).execute()
        DeviceProfile.delete().where(DeviceProfile.id == row.id).execute()
        history.record(by, "profile.removed", "profile", row.name, before={"version": row.version, "document": row.document})


def refuse_outdated(present: DeviceProfile | None, seen: int | None) -> None:
    """Raise ``Conflict``, saying whose, when ``present`` is no longer the version that was ``seen`` (None: any will do)."""
    version = present.version if present else NEW
    if seen is None or seen == version:
        return
    if present is None:
        raise Conflict(N_("This profile was removed meanwhile."))
    last = present.versions.where(DeviceProfileVersion.version == version).first()
    name = last.created_by.name if last and last.created_by else "–"
    raise Conflict(
        N_("%(name)s saved version %(version)d meanwhile. Look at it below, then send again if your change still holds."),
        name=name, version=version,
    )  # fmt: skip


def _keep(row: DeviceProfile, by: Actor, reason: str, at: datetime) -> None:
    DeviceProfileVersion.create(
        profile=row, version=row.version, document=row.document, created_at=at, created_by=by.user_id, reason=reason
    )  # fmt: skip


def _create(profile: Profile, text: str, at: datetime) -> DeviceProfile:
    return DeviceProfile.create(name=profile.name, title_zh=profile.title.zh, title_en=profile.title.en, document=text, updated_at=at)


def _renew(present: DeviceProfile, profile: Profile, text: str, at: datetime) -> DeviceProfile:
    fields = {
        "title_zh": profile.title.zh,
        "title_en": profile.title.en,
        "document": text,
        "updated_at": at,
        "version": present.version + 1,
    }
    same = (DeviceProfile.id == present.id) & (DeviceProfile.version == present.version)
    if DeviceProfile.update(**fields).where(same).execute() != 1:
        raise Conflict(N_("Somebody else imported this profile just now. Look at it and import again if need be."))
    return DeviceProfile.get_by_id(present.id)


def seed_profiles() -> list[str]:
    """Import the profiles that come with the product and are not there yet; returns their names. One that was edited stays as it is."""
    known = {name for (name,) in DeviceProfile.select(DeviceProfile.name).tuples()}
    missing = [path for path in SHIPPED if path.stem not in known]
    return [import_profile(by=system("setup"), text=path.read_text(encoding="utf8")).row.name for path in missing]
