"""Customers, the sites where their machines stand, and whom to phone there."""

from enum import StrEnum

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField, fn

from app.accounts.models import Area, Station
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
    service_stopped_at = InstantField(null=True)  # off-warranty service is suspended since: money is owed (set by billing)


# By which a customer is called in lists: the short name, where there is one.
CALLED = fn.COALESCE(fn.NULLIF(Customer.short_name, ""), Customer.name)


class Site(BaseModel):
    """Where machines stand (使用站点)."""

    customer = ForeignKeyField(Customer, backref="sites", on_delete="RESTRICT")
    name = CharField(120)
    address = CharField(200, default="")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    station = ForeignKeyField(Station, null=True, on_delete="RESTRICT")

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
    takes_no_broadcasts = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    class Meta:
        indexes = ((("phone",), False), (("customer", "name", "phone"), True))


class Project(BaseModel):
    """A sale under way: customer, site and sales contract, before a machine exists (product.md, settled question 14)."""

    contract_number = CharField(40, unique=True, constraints=[Check("contract_number <> ''", name="contract_number_is_given")])
    name = CharField(120)
    customer = ForeignKeyField(Customer, backref="projects", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, on_delete="RESTRICT")
    signed_on = DateField(null=True)
    remark = CharField(500, default="")
    version = IntegerField(default=1)
    created_at = InstantField()


class BroadcastMessage(BaseModel):
    """A notice to many customers at once (5-04); the single e-mails stand in the outbox, ``about`` it."""

    subject = CharField(200)
    text = CharField(4000)
    filters = CharField(500, default="")
    recipients = IntegerField()
    sent_at = InstantField()
    by_name = CharField(60)
