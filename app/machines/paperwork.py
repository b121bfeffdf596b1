"""Which forms a machine's file must hold, and which documents have no paper; pure.

The state of a machine calls for forms: one that was shipped needs its pit guidance form (2E-22, 2E-28), one that was accepted
needs what acceptance leaves behind.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.machines.models import FormType


class Calls(StrEnum):
    """What calls for a form: the date of the machine that must be known."""

    SHIPPED = "shipped_on"
    ACCEPTED = "accepted_on"


@dataclass(frozen=True, slots=True)
class Expected:
    """A form that must be in the file once the machine has the date ``calls``."""

    form_type: FormType
    calls: Calls


EXPECTED = (
    Expected(FormType.PIT_GUIDANCE, Calls.SHIPPED),
    Expected(FormType.DELIVERY_ACCEPTANCE, Calls.ACCEPTED),
    Expected(FormType.INSTALLATION_CHECK, Calls.ACCEPTED),
    Expected(FormType.TRAINING_ACCEPTANCE, Calls.ACCEPTED),
)
# What comes as a file and has no original on paper.
PAPERLESS = frozenset({FormType.PHOTO, FormType.SCHEMATIC, FormType.MANUAL, FormType.PARTS_LIST})


def expected_forms(*, shipped_on: date | None, accepted_on: date | None) -> tuple[FormType, ...]:
    """The forms that the file of a machine with these dates must hold."""
    known = {Calls.SHIPPED: shipped_on, Calls.ACCEPTED: accepted_on}
    return tuple(one.form_type for one in EXPECTED if known[one.calls] is not None)
