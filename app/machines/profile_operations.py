"""Importing monitoring profiles; every version stays."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock, db, history
from app.core.errors import N_, Conflict
from app.core.types import Actor, system
from app.machines.models import DeviceProfile, DeviceProfileVersion
from app.machines.profiles import SHIPPED, Profile
from app.machines.profiles.parsing import parse


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """What an import did: the row, what it reads as, and whether anything changed."""

    row: DeviceProfile
    profile: Profile
    is_changed: bool


def import_profile(*, by: Actor, text: str, at: datetime | None = None) -> ImportedProfile:
    """Take in a profile file whole; the same text again changes nothing.

    Raises ``InvalidFile`` with every mistake and its line, ``NotAllowed`` for those who may not edit profiles, ``Conflict``
    when another import of the profile came first.
    """
    by.require("profiles.edit")
    profile = parse(text)
    changed_at = at or clock.now()
    with db.transaction():
        present = DeviceProfile.get_or_none(DeviceProfile.name == profile.name)
        if present is not None and present.document == text:
            return ImportedProfile(present, profile, is_changed=False)
        row = _renew(present, profile, text, changed_at) if present else _create(profile, text, changed_at)
        DeviceProfileVersion.create(profile=row, version=row.version, document=text, created_at=changed_at, created_by=by.user_id)
        before = {"version": present.version} if present else None
        history.record(by, "profile.imported", "profile", profile.name, before=before, after={"version": row.version})
    return ImportedProfile(row, profile, is_changed=True)


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
