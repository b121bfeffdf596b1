"""Customers, the sites where their machines stand, and whom to phone there."""

from enum import StrEnum

from peewee import CharField, Check, ForeignKeyField, IntegerField

from app.accounts.models import Area
from app.core.db import BaseModel, InstantField, one_of


class CustomerKind(StrEnum):
    """What kind of body a customer is; decides statutory payment terms later."""

    PUBLIC_BODY = "public_body"
    COMPANY = "company"
    PERSON = "person"


class ContactRole(StrEnum):
    """What a contact does at the customer's."""

    STATION_HEAD = "station_head"
    OPERATOR = "operator"
    FINANCE = "finance"
    PURCHASING = "purchasing"
    OTHER = "other"


class Customer(BaseModel):
    """Who bought machines."""

    name = CharField(120, unique=True, constraints=[Check("name <> ''", name="customer_name_is_given")])
    short_name = CharField(40, default="")
    tax_number = CharField(20, null=True, unique=True)
    kind = CharField(20, default=CustomerKind.COMPANY, constraints=[one_of("kind", CustomerKind)])
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    version = IntegerField(default=1)
    created_at = InstantField()


class Site(BaseModel):
    """Where machines stand (使用站点)."""

    customer = ForeignKeyField(Customer, backref="sites", on_delete="RESTRICT")
    name = CharField(120)
    address = CharField(200, default="")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")

    class Meta:
        indexes = ((("customer", "name"), True),)


class Contact(BaseModel):
    """A person at the customer's."""

    customer = ForeignKeyField(Customer, backref="contacts", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, on_delete="RESTRICT")
    name = CharField(60)
    phone = CharField(30, default="")
    email = CharField(120, default="")
    role = CharField(20, default=ContactRole.OTHER, constraints=[one_of("role", ContactRole)])

    class Meta:
        indexes = ((("phone",), False), (("customer", "name", "phone"), True))
