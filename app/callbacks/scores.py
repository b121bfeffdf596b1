"""The three scores of a call-back, 1 to 5, and which of them are poor (2A-21, 2B-08)."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

from app.core import known_settings
from app.core.errors import N_
from app.core.known_settings import KnownSetting, SettingKind

NAMES = ("result", "attitude", "timeliness")
LEAST, MOST = 1, 5
POOR = known_settings.register(
    KnownSetting(
        "poor_call_back_score", N_("Call-backs: a score up to this is poor"), 2, SettingKind.WHOLE, least=LEAST, most=MOST - 1,
        hint=N_("A poor score needs a follow-up with a person and a day before it is signed."),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scores:
    """What the customer gave; None where nothing was said."""

    result: int | None = None
    attitude: int | None = None
    timeliness: int | None = None

    def missing(self) -> Iterator[str]:
        """The names of those that are no score."""
        return (name for name, score in zip(NAMES, astuple(self), strict=True) if score is None or not LEAST <= score <= MOST)

    @property
    def is_poor(self) -> bool:
        """Whether one of them is poor by the present setting."""
        worst = min((score for score in astuple(self) if score is not None), default=MOST)
        return bool(worst <= POOR.value())

    def columns(self) -> dict[str, int | None]:
        """The fields of a record."""
        return {f"{name}_score": score for name, score in zip(NAMES, astuple(self), strict=True)}


NONE = Scores()
