"""The QR code on a machine: a token that cannot be guessed leads to the machine's page for those who stand in front of it."""

import secrets

from peewee import JOIN

from app.core import db, history, live
from app.core.errors import N_, Conflict
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Site
from app.machines.models import Machine, MachineModel

TOKEN_BYTES = 16
LONGEST_TOKEN = 32


def made_up() -> str:
    """A new token of 128 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_of(machine: Machine) -> str:
    """The token on the machine's label. Machines have one since they were entered; one without gets it now."""
    if machine.qr_token is None:
        with db.transaction():
            Machine.update(qr_token=made_up()).where(Machine.id == machine.id, Machine.qr_token.is_null()).execute()
            machine.qr_token = Machine.select(Machine.qr_token).where(Machine.id == machine.id).scalar()
    return machine.qr_token


def path_of(machine: Machine) -> str:
    """The address of the machine's page, below that of the portal."""
    return f"/m/{token_of(machine)}"


def new_token(*, by: Actor, machine: Machine, present: str | None) -> str:
    """Give the machine another token; labels with the ``present`` one (None for none yet) lead nowhere from now on.

    Raises ``Conflict`` when ``present`` is not the token any more, ``NotAllowed`` for roles that do not keep machines.
    """
    by.require("machines.edit")
    token = made_up()
    is_as_seen = Machine.qr_token.is_null() if present is None else Machine.qr_token == present
    with db.transaction():
        if not Machine.update(qr_token=token).where(Machine.id == machine.id, is_as_seen).execute():
            raise Conflict(N_("This machine has got another code meanwhile. Reload the page and look at it."))
        history.record(by, "machine.qr_renewed", "machine", machine.serial)
        live.touch("machines")
    machine.qr_token = token
    return token


_by_token = Prepared(
    lambda token: (
        Machine.select(Machine, MachineModel, Site)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .where(Machine.qr_token == token)
    )
)


def machine_of(token: str) -> Machine | None:
    """The machine whose label carries ``token``, with model and site; None for a token that leads nowhere."""
    return _by_token.first(token) if 0 < len(token) <= LONGEST_TOKEN and token.isascii() else None
