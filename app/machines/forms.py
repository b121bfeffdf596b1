"""What people type about machines; the rules are in the operations."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.accounts.models import Area
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.customers import projects
from app.customers import queries as customers
from app.customers.forms import text
from app.machines import queries
from app.machines.models import DeviceProfile, Machine
from app.machines.operations import MachineDetails
from app.machines.queries import Filters

_NUMBER = InputRequired(_("Please give a number."))


class MachineForm(FlaskForm):
    """A machine; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    serial = text(_("Serial number"), InputRequired(_("Please give the serial number.")), Length(max=40))
    model = text(_("Model"), InputRequired(_("Please name the model.")), Length(max=80))
    device = text(_("Device code"), Length(max=64))
    profile = SelectField(_("Monitoring profile"), filters=[lambda chosen: chosen or ""])
    gateway = text(_("Gateway"), Length(max=64))
    customer = text(_("Customer"), Length(max=120))
    site = text(_("Site"), Length(max=120))
    area = SelectField(_("Area"), filters=[lambda chosen: chosen or ""])
    shipped_on = DateField(_("Delivered on"), validators=[Optional()])
    accepted_on = DateField(_("Accepted on"), validators=[Optional()])
    warranty_months = IntegerField(_("Warranty in months"), validators=[Optional()])
    batch = text(_("Batch"), Length(max=40))
    project = text(_("Sales contract of the project"), Length(max=40))
    sim_number = text(_("SIM number"), Length(max=30))
    sim_expires_on = DateField(_("SIM expires on"), validators=[Optional()])
    retired_on = DateField(_("Retired on"), validators=[Optional()])

    def offer(self, areas: Sequence[Area], profiles: Sequence[DeviceProfile], language: str) -> None:
        """Say which areas and profiles can be chosen."""
        self.areas = {str(area.id): area for area in areas}
        self.profiles = {str(profile.id): profile for profile in profiles}
        self.area.choices = [("", _("as the site or customer")), *((key, area.name) for key, area in self.areas.items())]
        titles = {key: row.title_zh if language.startswith("zh") else row.title_en for key, row in self.profiles.items()}
        self.profile.choices = [("", "–"), *titles.items()]

    def details(self, actor: Actor) -> MachineDetails:
        """What was typed, with the customer, site and project it names among those that ``actor`` may see. Raises ``Invalid``.

        A machine that is bound to a project stands at the project's customer and site unless others are named.
        """
        project = projects.named(actor, self.project.data) if self.project.data else None
        customer = customers.named(actor, self.customer.data) if self.customer.data else project and project.customer
        site = customers.site_named(customer, self.site.data) if self.site.data else None
        if project is not None and not self.customer.data and site is None:
            site = project.site
        return MachineDetails(
            serial=self.serial.data,
            model=self.model.data,
            device=self.device.data,
            profile=self.profiles.get(self.profile.data),
            customer=customer,
            site=site,
            area=self.areas.get(self.area.data),
            gateway=self.gateway.data,
            accepted_on=self.accepted_on.data,
            shipped_on=self.shipped_on.data,
            warranty_months=self.warranty_months.data,
            batch=self.batch.data,
            project=project,
            sim_number=self.sim_number.data,
            sim_expires_on=self.sim_expires_on.data,
            retired_on=self.retired_on.data,
        )


def form_of(machine: Machine | None, **options: Any) -> MachineForm:
    """The form, filled with the machine when it was not sent (``formdata=None``: in any case)."""
    if machine is None:
        return MachineForm(data={name: request.args.get(name, "") for name in ("project", "customer")})
    names = (
        "serial", "device", "gateway", "shipped_on", "accepted_on", "warranty_months", "batch", "version",
        "sim_number", "sim_expires_on", "retired_on",
    )  # fmt: skip
    shown = {
        "model": machine.model.name,
        "profile": str(machine.profile_id or ""),
        "customer": machine.customer.name if machine.customer else "",
        "site": machine.site.name if machine.site else "",
        "area": str(machine.area_id or ""),
        "project": machine.project.contract_number if machine.project else "",
    }
    return MachineForm(data={name: getattr(machine, name) for name in names} | shown, **options)


def wanted_from(query: Mapping[str, str]) -> Filters:
    """The list's filter as it stands in the address. Raises ``Invalid`` for what is no number."""
    return Filters(
        q=query.get("q", "").strip()[:100],
        area=_number(query, "area"),
        model=_number(query, "model"),
        customer=_number(query, "customer"),
        profile=_number(query, "profile"),
        has_device={"yes": True, "no": False}.get(query.get("device", "")),
        project=_number(query, "project"),
        sim=query.get("sim", "") if query.get("sim") in queries.SIM_STATES else "",
        is_retired={"yes": True, "no": False}.get(query.get("retired", "")),
    )


def _number(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name) or ""
    if value and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(value) if value else None
