"""Working days, who is on duty when, and where people are (workflows, Clocks; product.md, settled question 11)."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField

from app.accounts.models import Area, Role, User
from app.core.db import BaseModel, InstantField, one_of


class DaySource(StrEnum):
    """Who said what a day is."""

    SEED = "seed"
    IMPORT = "import"
    HAND = "hand"


class PresenceState(StrEnum):
    """Where a person is."""

    ON_DUTY = "on_duty"
    TRAVELLING = "travelling"
    LEAVE = "leave"


class CalendarYear(BaseModel):
    """A year whose table of holidays and make-up days (调休) is known."""

    year = IntegerField(primary_key=True)
    source = CharField(10, constraints=[one_of("source", DaySource)])
    known_at = InstantField()


class CalendarDay(BaseModel):
    """A day that differs from its weekday: a holiday, or a Saturday that is worked."""

    day = DateField(primary_key=True)
    is_working = BooleanField()
    name = CharField(60, default="")
    source = CharField(10, constraints=[one_of("source", DaySource)])


class DutyShift(BaseModel):
    """``user`` is on duty as ``role`` from ``starts_at`` to ``ends_at`` (值班表)."""

    user = ForeignKeyField(User, on_delete="RESTRICT")
    role = CharField(20, constraints=[one_of("role", Role)])
    starts_at = InstantField()
    ends_at = InstantField()
    note = CharField(200, default="")

    class Meta:
        constraints = [Check("ends_at > starts_at", name="shift_ends_after_it_starts")]
        indexes = ((("role", "starts_at"), False),)


class Presence(BaseModel):
    """Where ``user`` is from ``from_at`` on; ``until_at`` is None while it lasts. One state at a time."""

    user = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    state = CharField(20, constraints=[one_of("state", PresenceState)])
    from_at = InstantField()
    until_at = InstantField(null=True)
    note = CharField(200, default="")
    by_name = CharField(60)

    class Meta:
        constraints = [Check("until_at IS NULL OR until_at > from_at", name="presence_ends_after_it_starts")]
        indexes = ((("user", "from_at"), False),)


Presence.add_index(Presence.index(Presence.user, unique=True, where=SQL("until_at IS NULL"), name="one_open_presence_per_person"))


class Vehicle(BaseModel):
    """A service vehicle that visits are planned with (2B-15)."""

    plate = CharField(20, unique=True, constraints=[Check("plate <> ''", name="plate_is_given")])
    name = CharField(60, default="")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)
