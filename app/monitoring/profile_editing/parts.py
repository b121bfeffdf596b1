"""The parts of a profile and their entries, as addresses name them: codes and metrics by their key, all else by its place from 1."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import N_, NotFound
from app.machines.models import DeviceProfile, DeviceProfileVersion
from app.machines.profiles import editing

KEYED = ("codes", "metrics")
LISTED = ("rules", "combinations", "suppress")
PARTS = (*KEYED, *LISTED)
Path = Sequence[str | int]


def document_of(row: DeviceProfile | DeviceProfileVersion) -> dict[str, Any]:
    """What the stored text says; empty for one that this version of the product cannot read."""
    try:
        found = editing.read(row.document)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def entries(document: dict[str, Any], part: str) -> dict[str, Any]:
    """The entries of ``part`` by the name they have in an address. Raises ``NotFound`` for what is no part."""
    if part not in PARTS:
        raise NotFound(N_("A profile has no such part."))
    found = document.get(part) or ({} if part in KEYED else [])
    return dict(found) if part in KEYED else {str(place): one for place, one in enumerate(found, 1)}


def entry(row: DeviceProfile, part: str, name: str) -> Any:
    """One entry. Raises ``NotFound``."""
    found = entries(document_of(row), part)
    if name not in found:
        raise NotFound(N_("This is not in the profile any more."))
    return found[name]


def path(part: str, name: str) -> Path:
    """Where an entry stands in the text."""
    return (part, name) if part in KEYED else (part, int(name) - 1)


def new_path(row: DeviceProfile, part: str, key: str) -> Path:
    """Where a new entry will stand."""
    return (part, key) if part in KEYED else (part, len(entries(document_of(row), part)))


def where(at: Path) -> str:
    """How mistakes name that place; empty for the head of the profile."""
    if not at:
        return ""
    part, place = at
    return f"{part}.{place}" if isinstance(place, str) else f"{part}[{place + 1}]"


def moved_to(row: DeviceProfile, part: str, name: str, seen: int) -> str | None:
    """The name that entry ``name`` of version ``seen`` has in the present one; None when somebody changed or removed it meanwhile."""
    version = row.versions.where(DeviceProfileVersion.version == seen).first()
    if version is None:
        return None
    before, now = entries(document_of(version), part).get(name), entries(document_of(row), part)
    if part in KEYED:
        return name if name in now else None
    same = [key for key, one in now.items() if one == before]
    return name if name in same else next(iter(same), None)
