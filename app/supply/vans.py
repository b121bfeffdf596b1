"""The van of a technician as a place of the ledger; it is there as soon as parts are to go into it."""

from dataclasses import replace

from app.accounts.models import User
from app.core.types import Actor
from app.parts import moving, stock
from app.parts.models import StockPlace


def find(technician: User) -> StockPlace | None:
    """The van of ``technician``; None while nothing was ever to go into it."""
    return stock.van_of(technician.id)


def of(by: Actor, technician: User) -> StockPlace:
    """The van of ``technician``, made now when there is none, in the running transaction."""
    # Who may ask for parts may have a place for them; making other stores stays with who keeps the stock.
    maker = replace(by, permissions=by.permissions | {moving.MOVE})
    return find(technician) or moving.make_van(by=maker, technician=technician)
