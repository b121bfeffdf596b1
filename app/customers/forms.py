"""What people type about customers, sites and contacts; the rules are in the operations."""

import secrets
from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import HiddenInput

from app.accounts.models import Area, Station
from app.core.personal import masked_phone
from app.customers.models import Contact, ContactRole, Customer, CustomerKind, Site
from app.customers.operations import ContactDetails, CustomerDetails, SiteDetails
from app.web.labels import options

_NAME = InputRequired(_("Please give the name."))
_PHONE = Regexp(r"[0-9+()*#, -]*$", message=_("A phone number has only digits and + - ( )."))
_EMAIL = Regexp(r"[^@\s]+@[^@\s]+$", message=_("An e-mail address looks like name@example.com."))


def text(label: object, *validators: object) -> StringField:
    """A line of text; never None, without blanks around it."""
    return StringField(label, validators=[*validators], filters=[lambda typed: (typed or "").strip()])


def chosen(field: SelectField) -> int | None:
    """The id that was chosen; None for the empty choice."""
    return int(field.data) if field.data else None


def area_choices(areas: Sequence[Area]) -> list[tuple[str, object]]:
    """The areas for a choice, with an empty one before them."""
    return [("", "–"), *((str(area.id), area.name) for area in areas)]


class CustomerForm(FlaskForm):
    """A customer; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = text(_("Name"), _NAME, Length(max=120))
    short_name = text(_("Short name"), Length(max=40))
    kind = SelectField(_("Kind of customer"), choices=options("CustomerKind"), default=CustomerKind.COMPANY)
    tax_number = text(_("Tax number"), Length(max=30))
    is_tax_number_confirmed = BooleanField(_("The number is right although its last character does not fit"))
    area = SelectField(_("Area"))

    def offer(self, areas: Sequence[Area]) -> None:
        """Say which areas can be chosen."""
        self.area.choices = area_choices(areas)
        self.areas = {area.id: area for area in areas}

    def details(self) -> CustomerDetails:
        """What was typed."""
        return CustomerDetails(
            name=self.name.data,
            short_name=self.short_name.data,
            tax_number=self.tax_number.data,
            is_tax_number_confirmed=self.is_tax_number_confirmed.data,
            kind=CustomerKind(self.kind.data),
            area=self.areas.get(chosen(self.area)),
        )


def form_of(customer: Customer | None, **options: Any) -> CustomerForm:
    """The form, filled with the customer when it was not sent (``formdata=None``: in any case)."""
    if customer is None:
        return CustomerForm()
    return CustomerForm(obj=customer, data={"area": str(customer.area_id or "")}, **options)


class SiteForm(FlaskForm):
    """A site; ``version`` is its customer's."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = text(_("Name of the site"), _NAME, Length(max=120))
    address = text(_("Address"), Length(max=200))
    area = SelectField(_("Area"))
    station = SelectField(_("Station"), filters=[lambda chosen: chosen or ""])

    def offer(self, areas: Sequence[Area], stations: Sequence[Station]) -> None:
        """Say which areas and stations can be chosen."""
        self.area.choices = area_choices(areas)
        self.areas = {area.id: area for area in areas}
        self.station.choices = [("", "–"), *((str(station.id), station.name) for station in stations)]
        self.stations = {station.id: station for station in stations}

    def details(self) -> SiteDetails:
        """What was typed."""
        return SiteDetails(
            name=self.name.data,
            address=self.address.data,
            area=self.areas.get(chosen(self.area)),
            station=self.stations.get(chosen(self.station)),
        )


def site_form_of(customer: Customer, site: Site | None) -> SiteForm:
    """The form, filled with the site when it was not sent."""
    place = site or customer
    station = str(site.station_id or "") if site else ""
    return SiteForm(obj=site, data={"version": customer.version, "area": str(place.area_id or ""), "station": station})


class ContactForm(FlaskForm):
    """A person; the phone number comes masked and stays as it is unless another is typed over it."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = text(_("Full name"), _NAME, Length(max=60))
    role = SelectField(_("Position"), choices=options("ContactRole"), default=ContactRole.OTHER)
    phone = text(_("Phone"), Length(max=30), _PHONE)
    email = text(_("E-mail"), Optional(), Length(max=120), _EMAIL)
    site = SelectField(_("Site"))
    takes_no_broadcasts = BooleanField(_("Wants no broadcasts"))

    def offer(self, sites: Sequence[Site]) -> None:
        """Say which sites can be chosen."""
        self.site.choices = [("", "–"), *((str(site.id), site.name) for site in sites)]
        self.sites = {site.id: site for site in sites}

    def details(self, contact: Contact | None = None) -> ContactDetails:
        """What was typed; a number left masked is the one that ``contact`` has."""
        is_untouched = contact is not None and self.phone.data == masked_phone(contact.phone)
        return ContactDetails(
            name=self.name.data,
            phone=contact.phone if contact is not None and is_untouched else self.phone.data,
            email=self.email.data,
            role=ContactRole(self.role.data),
            site=self.sites.get(chosen(self.site)),
            takes_no_broadcasts=self.takes_no_broadcasts.data,
        )


def contact_form_of(customer: Customer, contact: Contact | None) -> ContactForm:
    """The form, filled with the contact when it was not sent."""
    if contact is None:
        return ContactForm(data={"version": customer.version})
    shown = {"phone": masked_phone(contact.phone), "site": str(contact.site_id or ""), "version": customer.version}
    return ContactForm(data={name: getattr(contact, name) for name in ("name", "role", "email", "takes_no_broadcasts")} | shown)
