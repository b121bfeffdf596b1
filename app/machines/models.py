"""The asset register: one row per serial number (2E-23), the model it is, the profile it is monitored by."""

from peewee import CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from app.accounts.models import Area, User
from app.core.db import BaseModel, InstantField
from app.customers.models import Customer, Site


class MachineModel(BaseModel):
    """A model (机型) of the manufacturer's range."""

    name = CharField(80, unique=True)


class DeviceProfile(BaseModel):
    """A monitoring profile (监控模板): metrics, codes and rules as one checked document (monitoring §5)."""

    name = CharField(64, unique=True)
    title_zh = CharField(80)
    title_en = CharField(80)
    document = TextField()
    version = IntegerField(default=1)
    updated_at = InstantField()


class DeviceProfileVersion(BaseModel):
    """Every version a profile ever had."""

    profile = ForeignKeyField(DeviceProfile, backref="versions", on_delete="RESTRICT")
    version = IntegerField()
    document = TextField()
    created_at = InstantField()
    created_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")

    class Meta:
        indexes = ((("profile", "version"), True),)


class Machine(BaseModel):
    """A machine in the field; ``device`` is the device code of its EVC terminal, if it has one."""

    serial = CharField(40, unique=True, constraints=[Check("serial <> ''", name="serial_is_given")])
    device = CharField(64, null=True, unique=True)
    model = ForeignKeyField(MachineModel, on_delete="RESTRICT")
    profile = ForeignKeyField(DeviceProfile, null=True, on_delete="RESTRICT")
    customer = ForeignKeyField(Customer, null=True, backref="machines", on_delete="RESTRICT")
    site = ForeignKeyField(Site, null=True, backref="machines", on_delete="RESTRICT")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT")
    gateway = CharField(64, default="")
    accepted_on = DateField(null=True)
    shipped_on = DateField(null=True)
    warranty_months = IntegerField(default=12, constraints=[Check("warranty_months >= 0", name="warranty_is_not_negative")])
    batch = CharField(40, default="")
    version = IntegerField(default=1)
    created_at = InstantField()
