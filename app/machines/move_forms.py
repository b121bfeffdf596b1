"""What people type when a machine moves or its terminal is replaced; the rules are in the operations."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.accounts.models import Area
from app.core import clock
from app.customers.forms import text
from app.customers.models import Customer, Site
from app.machines.models import Machine
from app.machines.move_operations import MAX_REASON, MoveDetails, TerminalDetails

_WHY = InputRequired(_("Please say why."))


class MoveForm(FlaskForm):
    """Where a machine goes: a site of the customer that was chosen before."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    customer = HiddenField()
    site = SelectField(_("Site"), filters=[lambda chosen: chosen or ""])
    area = SelectField(_("Area"), filters=[lambda chosen: chosen or ""])
    at = DateField(_("Moved on"), validators=[InputRequired(_("Please give the day."))])
    reason = text(_("Reason"), _WHY, Length(max=MAX_REASON))

    def offer(self, sites: Sequence[Site], areas: Sequence[Area]) -> None:
        """Say which sites and areas can be chosen."""
        self.sites = {str(site.id): site for site in sites}
        self.areas = {str(area.id): area for area in areas}
        self.site.choices = [("", _("no site yet")), *((key, site.name) for key, site in self.sites.items())]
        self.area.choices = [("", _("as the site or customer")), *((key, area.name) for key, area in self.areas.items())]

    def details(self, customer: Customer | None) -> MoveDetails:
        """What was typed; a day of the past begins at its first moment, today ends now."""
        return MoveDetails(
            customer=customer,
            site=self.sites.get(self.site.data),
            area=self.areas.get(self.area.data),
            at=_moment(self.at.data),
            reason=self.reason.data,
        )


def move_form(machine: Machine, customer: Customer | None) -> MoveForm:
    """The form of a move to ``customer``."""
    return MoveForm(data={"version": machine.version, "customer": customer.name if customer else "", "at": clock.today()})


class TerminalForm(FlaskForm):
    """The terminal that is fitted."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    device = text(_("Device code of the new terminal"), Length(max=64))
    sim_number = text(_("SIM number"), Length(max=30))
    sim_expires_on = DateField(_("SIM expires on"), validators=[Optional()])
    gateway = text(_("Gateway"), Length(max=64))
    at = DateTimeLocalField(_("Replaced at"), format="%Y-%m-%dT%H:%M", validators=[InputRequired(_("Please give the time."))])
    reason = text(_("Reason"), _WHY, Length(max=MAX_REASON))

    def details(self) -> TerminalDetails:
        """What was typed."""
        return TerminalDetails(
            device=self.device.data,
            sim_number=self.sim_number.data,
            sim_expires_on=self.sim_expires_on.data,
            gateway=self.gateway.data,
            at=self.at.data.replace(tzinfo=clock.zone()).astimezone(clock.UTC),
            reason=self.reason.data,
        )


def terminal_form(machine: Machine) -> TerminalForm:
    """The form, ready for a new terminal: the SIM card and gateway usually stay."""
    shown: dict[str, Any] = {name: getattr(machine, name) for name in ("version", "sim_number", "sim_expires_on", "gateway")}
    return TerminalForm(data=shown | {"at": clock.now().astimezone(clock.zone()).replace(tzinfo=None)})


def _moment(on: date) -> datetime:
    return clock.now() if on == clock.today() else datetime.combine(on, time(), clock.zone()).astimezone(clock.UTC)
