"""How complete the file of a machine is, what is missing and where it can be added (2E-23); pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.machines.models import FormType
from app.machines.paperwork import expected_forms


class FileItem(StrEnum):
    """What the file of every machine should hold, besides forms."""

    PHOTO = "photo"
    CUSTOMER = "customer"
    SITE = "site"
    ADDRESS = "address"
    CONTACT = "contact"
    SHIPPED_ON = "shipped_on"
    ACCEPTED_ON = "accepted_on"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a machine; ``forms`` are the kinds of form in its file."""

    has_photo: bool
    has_customer: bool
    has_site: bool
    has_address: bool
    has_contact: bool
    has_terminal: bool
    shipped_on: date | None
    accepted_on: date | None
    forms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Completeness:
    """``percent`` of what should be there is there; ``items`` and ``forms`` are missing."""

    percent: int
    items: tuple[FileItem, ...]
    forms: tuple[FormType, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.items and not self.forms


def completeness(facts: Facts) -> Completeness:
    """Score of the file with these facts: each thing that should be there weighs the same; 100 only when nothing is missing."""
    items = list(_items(facts))
    forms = expected_forms(shipped_on=facts.shipped_on, accepted_on=facts.accepted_on)
    missing_items = tuple(item for item, is_there in items if not is_there)
    missing_forms = tuple(form for form in forms if form not in facts.forms)
    wanted = len(items) + len(forms)
    return Completeness((wanted - len(missing_items) - len(missing_forms)) * 100 // wanted, missing_items, missing_forms)


def _items(facts: Facts) -> Iterator[tuple[FileItem, bool]]:
    yield FileItem.PHOTO, facts.has_photo
    yield FileItem.CUSTOMER, facts.has_customer
    yield FileItem.SITE, facts.has_site
    if facts.has_site:
        yield FileItem.ADDRESS, facts.has_address
    yield FileItem.CONTACT, facts.has_contact
    yield FileItem.TERMINAL, facts.has_terminal
    yield FileItem.SHIPPED_ON, facts.shipped_on is not None
    if facts.shipped_on is not None:  # what was not shipped cannot have been accepted
        yield FileItem.ACCEPTED_ON, facts.accepted_on is not None
