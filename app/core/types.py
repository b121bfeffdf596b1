"""Values that pass between the layers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.core.errors import N_, NotAllowed

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a signed-in person, or a part of the program itself (``user_id`` is None).

    ``area_ids`` is None for those who see every area, else the areas they see.
    """

    user_id: int | None
    name: str
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    area_ids: frozenset[int] | None = field(default_factory=frozenset)
    ip: str | None = None

    def may(self, permission: str) -> bool:
        """Whether this actor holds ``permission`` (see ``app.accounts.permissions``)."""
        return self.user_id is None or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise ``NotAllowed`` unless this actor holds ``permission``."""
        if not self.may(permission):
            raise NotAllowed(N_("Your role does not allow this."))


def system(name: str) -> Actor:
    """The actor of a part of the program, e.g. ``system("monitoring")``; it may do everything."""
    return Actor(user_id=None, name=name, area_ids=None)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list by keyset: ``next_key`` is None on the last page.

    ``total`` counts what the filters match; ``is_total_capped`` says that there are more than that.
    """

    rows: Sequence[Row]
    total: int
    is_total_capped: bool
    next_key: str | None
    previous_key: str | None = None
