"""The van of a technician as a place of the ledger; it is there as soon as parts are to go into it."""

from app.accounts.models import User
from app.core import db
from app.core.errors import N_
from app.core.spoken import say
from app.parts.models import PlaceKind, StockPlace


def find(technician: User | int) -> StockPlace | None:
    """The van of ``technician``; None while nothing was ever issued into it."""
    return StockPlace.get_or_none(StockPlace.kind == PlaceKind.VAN, StockPlace.keeper == technician, StockPlace.is_active)


def of(technician: User) -> StockPlace:
    """The van of ``technician``, made now when there is none, in the running transaction."""
    db.current()
    if (found := find(technician)) is not None:
        return found
    name = say(None, N_("Van of %(who)s"), who=technician.name)[:54]
    if StockPlace.select().where(StockPlace.name == name).exists():
        name = f"{name} {technician.id}"
    made: StockPlace = StockPlace.create(name=name, kind=PlaceKind.VAN, is_store=True, keeper=technician)
    return made
