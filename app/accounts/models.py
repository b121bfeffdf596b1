"""People, what they may do, where they work, and their signed-in sessions."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, CompositeKey, FixedCharField, ForeignKeyField, IntegerField, TextField

from app.core.db import BaseModel, InstantField, one_of


class Role(StrEnum):
    """The seven roles of the product; a user may hold several."""

    CLERK = "clerk"
    TECHNICIAN = "technician"
    DEPUTY = "deputy"
    MANAGER = "manager"
    AREA_MANAGER = "area_manager"
    QUALITY = "quality"
    ADMIN = "admin"


class SessionKind(StrEnum):
    """Where a session runs; decides how long it may idle (security §1, ASVS 7.3.1)."""

    DESK = "desk"
    TABLET = "tablet"


class Area(BaseModel):
    """A sales and service area."""

    name = CharField(60, unique=True)


class Station(BaseModel):
    """Where resident technicians are based (驻点)."""

    name = CharField(60, unique=True, constraints=[Check("name <> ''", name="station_name_is_given")])
    area = ForeignKeyField(Area, on_delete="RESTRICT")
    address = CharField(200, default="")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class Department(BaseModel):
    """A department outside the centre that work slips and copies go to (质检部, 技术中心, 采购办 …; product.md, settled question 7)."""

    name = CharField(60, unique=True, constraints=[Check("name <> ''", name="department_name_is_given")])
    email = CharField(120, default="")
    is_active = BooleanField(default=True)
    version = IntegerField(default=1)


class User(BaseModel):
    """A person who signs in. Never deleted, only disabled."""

    username = CharField(40, unique=True, constraints=[Check("username = lower(username)", name="username_is_lower_case")])
    name = CharField(60)
    password_hash = CharField(200)
    must_change_password = BooleanField(default=False)
    is_active = BooleanField(default=True)
    locale = CharField(10, null=True)
    theme = CharField(10, null=True)
    version = IntegerField(default=1)
    created_at = InstantField()
    email = CharField(120, default="", constraints=[SQL("DEFAULT ''")])
    phone = CharField(30, default="", constraints=[SQL("DEFAULT ''")])
    station = ForeignKeyField(Station, null=True, on_delete="RESTRICT")
    pin_hash = CharField(200, null=True)

    class Meta:
        table_name = "person"  # "user" is a reserved word in PostgreSQL


class UserRole(BaseModel):
    """A role that a user holds."""

    user = ForeignKeyField(User, backref="role_rows", on_delete="RESTRICT", index=False)
    role = CharField(20, constraints=[one_of("role", Role)])

    class Meta:
        primary_key = CompositeKey("user", "role")


class UserArea(BaseModel):
    """An area that a user works in; decides what technicians and area managers see."""

    user = ForeignKeyField(User, backref="area_rows", on_delete="RESTRICT", index=False)
    area = ForeignKeyField(Area, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("user", "area")


class UserSession(BaseModel):
    """A signed-in session on the server; ``id`` is the SHA-256 of the token in the cookie."""

    id = FixedCharField(64, primary_key=True)
    user = ForeignKeyField(User, on_delete="RESTRICT")
    kind = CharField(10, constraints=[one_of("kind", SessionKind)])
    created_at = InstantField()
    last_seen_at = InstantField()
    expires_at = InstantField()
    revoked_at = InstantField(null=True)
    ip = CharField(45)
    user_agent = CharField(200)
    board_seen_at = InstantField(null=True)

    class Meta:
        indexes = ((("expires_at",), False),)


class SignInAttempt(BaseModel):
    """A failed sign-in; counted per account and address, and per address (ASVS 6.3.1)."""

    username = CharField(40)
    ip = CharField(45)
    at = InstantField()

    class Meta:
        indexes = ((("username", "ip", "at"), False), (("ip", "at"), False))


class Notice(BaseModel):
    """Something a person is told inside the product: ``message`` is a message id, ``params`` its parameters as JSON."""

    user = ForeignKeyField(User, backref="notices", on_delete="RESTRICT", index=False)
    at = InstantField()
    message = CharField(200)
    params = TextField(default="")
    href = CharField(200, default="")
    is_urgent = BooleanField(default=False)
    seen_at = InstantField(null=True)
    key = CharField(120, null=True, unique=True)

    class Meta:
        indexes = ((("user", "id"), False),)


Notice.add_index(Notice.index(Notice.user, where=SQL("seen_at IS NULL"), name="notice_unseen"))


class MessageChoice(BaseModel):
    """How a person wants to be told beside the notices of the product; who never chose takes everything."""

    user = ForeignKeyField(User, primary_key=True, on_delete="RESTRICT")
    takes_email = BooleanField(default=True)
    takes_wecom = BooleanField(default=True)
    has_quiet_hours = BooleanField(default=True)


class Authority(BaseModel):
    """``giver`` is away and lets ``holder`` do ``permission`` in their place from ``from_at`` to ``until_at`` (代签; product.md, 16)."""

    giver = ForeignKeyField(User, on_delete="RESTRICT")
    holder = ForeignKeyField(User, on_delete="RESTRICT", index=False)
    permission = CharField(60)
    from_at = InstantField()
    until_at = InstantField()
    reason = CharField(200, default="")
    given_at = InstantField()
    revoked_at = InstantField(null=True)

    class Meta:
        constraints = [
            Check("until_at > from_at", name="authority_ends_after_it_starts"),
            Check("giver_id <> holder_id", name="authority_goes_to_another"),
        ]
        indexes = ((("holder", "permission", "until_at"), False),)
