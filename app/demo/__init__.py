"""A small coherent world to try the product in, built through operations only.

Every person, company, place and machine in it is invented; any likeness to real ones is chance.
"""

import secrets
from datetime import datetime, timedelta

from app.accounts.models import User
from app.core import clock, db, history, migrating, outbox
from app.core.config import Config
from app.core.errors import N_, Conflict
from app.core.history import HistoryEntry
from app.core.types import system
from app.customers.models import Customer
from app.demo import (
    agreed,
    crew,
    dunned,
    duty,
    field_work,
    fleet,
    handed_in,
    invoiced,
    own_reports,
    paid,
    papers,
    past,
    people,
    registers,
    sent_back,
    shifts,
    stockroom,
    supplied,
)
from app.machines.models import Machine
from app.release import release

ACTOR = system("demo")
LOADED = "demo.loaded"
PAST = timedelta(days=28)
# What the past of the demo world told its people reaches nobody any more.
SENT_WITHIN = timedelta(hours=12)


def load(config: Config, password: str | None = None, at: datetime | None = None) -> str:
    """Fill an empty database with the demo world as it is at ``at``; returns the password of all its people.

    The password is ``password``, else that of ``config``, else a random one. All of it stands, or nothing.
    Raises ``Conflict`` when the database holds users, customers or machines already, ``Invalid`` for a bad password.
    """
    chosen = password or config.demo_password or secrets.token_urlsafe(9)
    now = at or clock.now()
    with db.transaction():
        _refuse_unless_empty()
        history.record(ACTOR, LOADED, "demo", "world")
        staff = people.engage(ACTOR, chosen, now - PAST)
        machines = fleet.build(staff, now)
        duty.arrange(ACTOR, staff, now)
        past.live_through(staff, machines, now)
        registers.furnish(staff, machines, now)
        handed_in.hand_in(staff, machines, now)
        papers.hand_in(staff, machines, now)
        crew.equip(staff, now)
        stockroom.fill(staff, now)
        field_work.work_of_today(staff, machines, now)
        own_reports.write(staff, now)
        shifts.keep(staff, now)
        agreed.agree(staff, machines, now)
        invoiced.write_down(staff, now)
        paid.pay(staff, now)
        sent_back.bring_back(staff, now)
        supplied.supply(staff, now)
        dunned.press(staff, now)
        outbox.forget_unsent(before=now - SENT_WITHIN)
    return chosen


def reset(config: Config) -> str:
    """Empty a database that holds the demo world and load it afresh; returns the password. Raises ``Conflict`` on any other database."""
    if not is_demo_world():
        raise Conflict(N_("This database does not hold the demo world; nothing was removed."))
    kept = config.data_dir / "demo_password"
    password = kept.read_text(encoding="ascii").strip() if kept.exists() else None
    migrating.empty()
    config.heads_file.unlink(missing_ok=True)
    release()
    return load(config, password)


def is_demo_world() -> bool:
    """Whether the demo world was loaded into this database; the history, which nobody can change, says so."""
    return bool(HistoryEntry.select().where(HistoryEntry.object_type == "demo", HistoryEntry.action == LOADED).exists())


def _refuse_unless_empty() -> None:
    if is_demo_world():
        raise Conflict(N_("The demo world is there already; `demo reset` loads it afresh."))
    if any(model.select().exists() for model in (User, Customer, Machine)):
        raise Conflict(N_("This database holds real data; the demo world was not loaded and nothing was changed."))
