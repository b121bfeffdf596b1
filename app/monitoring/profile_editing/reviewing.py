"""A look at a new text of a profile before it is saved: whether it can be, what it would do, what differs."""

from dataclasses import dataclass
from hashlib import sha256

from app.core.errors import N_, Invalid, InvalidFile
from app.machines.models import DeviceProfile
from app.machines.profiles import Profile
from app.machines.profiles.parsing import parse
from app.monitoring.profile_editing import effects
from app.monitoring.profile_editing.comparing import Line, compared
from app.monitoring.profile_editing.effects import Effects

__all__ = ["Review", "compared", "of_stored", "of_text"]


@dataclass(frozen=True, slots=True)
class Review:
    """What was found; ``row`` is the profile that the text would become a new version of, None for a new one."""

    text: str
    name: str
    row: DeviceProfile | None
    effects: Effects
    places: list[list[Line]]

    @property
    def version(self) -> int:
        """The version that was looked at; 0 for none."""
        return self.row.version if self.row else 0

    @property
    def text_mark(self) -> str:
        """Tells this text, over this version, from any other."""
        return sha256(f"{self.version}\n{self.text}".encode()).hexdigest()


def of_text(text: str, row: DeviceProfile | None) -> Review:
    """Look at what was typed or uploaded, of ``row`` or of whatever profile it names. Raises ``InvalidFile``, ``Invalid``."""
    profile = parse(text)
    if row is not None and profile.name != row.name:
        raise Invalid(N_("A profile keeps its name: %(name)s. For another name make a new profile."), name=row.name)
    present = row or DeviceProfile.get_or_none(DeviceProfile.name == profile.name)
    places = compared(present.document, text) if present else []
    return Review(text, profile.name, present, effects.of_change(present, _stored(present), profile), places)


def of_stored(text: str, row: DeviceProfile) -> Review | None:
    """Look at an old version; None when this version of the product cannot read it."""
    try:
        return of_text(text, row)
    except Invalid:
        return None


def _stored(row: DeviceProfile | None) -> Profile | None:
    try:
        return parse(row.document) if row else None
    except InvalidFile:
        return None
