"""Forms of stations and departments."""

import secrets
from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.accounts.models import Area, Department, Station
from app.accounts.place_operations import DepartmentDetails, StationDetails


class PlaceForm(FlaskForm):
    """What both have; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = StringField(_("Name"), validators=[InputRequired(_("Please enter a name.")), Length(max=60)])
    is_active = BooleanField(_("In use"))


class StationForm(PlaceForm):
    """A station."""

    area = SelectField(_("Area"))
    address = StringField(_("Address"), validators=[Length(max=200)])

    def offer(self, areas: Sequence[Area]) -> None:
        """Say which areas can be chosen."""
        self.areas = {str(area.id): area for area in areas}
        self.area.choices = [("", "–"), *((key, area.name) for key, area in self.areas.items())]

    def details(self) -> StationDetails:
        """What was typed."""
        return StationDetails(
            name=self.name.data or "",
            area=self.areas.get(self.area.data),
            address=self.address.data or "",
            is_active=self.is_active.data,
        )


class DepartmentForm(PlaceForm):
    """A department."""

    email = StringField(_("E-mail"), validators=[Length(max=120)])

    def details(self) -> DepartmentDetails:
        """What was typed."""
        return DepartmentDetails(name=self.name.data or "", email=self.email.data or "", is_active=self.is_active.data)


def station_form(station: Station | None, areas: Sequence[Area], *, is_fresh: bool = False) -> StationForm:
    """The form, filled with the station when it was not sent (``is_fresh``: in any case)."""
    options = {"formdata": None} if is_fresh else {}
    shown = {"area": str(station.area_id), "is_active": station.is_active} if station else {"is_active": True}
    form = StationForm(obj=station, data=shown, **options)
    form.offer(areas)
    return form


def department_form(department: Department | None, *, is_fresh: bool = False) -> DepartmentForm:
    """The form, filled with the department when it was not sent (``is_fresh``: in any case)."""
    options = {"formdata": None} if is_fresh else {}
    return DepartmentForm(obj=department, data={"is_active": True}, **options)
