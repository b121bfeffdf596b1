"""What people type about parts and suppliers; the rules are in the operations."""

import secrets
from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from app.customers.forms import text
from app.parts.keeping import PartDetails, SupplierDetails, details_of
from app.parts.models import Part, Supplier
from app.web.amounts import AmountField

_GIVEN = InputRequired(_("Please fill this in."))
_SAME = ("number", "name", "drawing_number", "unit", "warranty_months", "price", "cost")
_TICKED = ("is_wear", "is_returned", "has_serials", "is_active")


class PartForm(FlaskForm):
    """A part; ``form_token`` makes sending twice harmless, ``version`` shows whether somebody else was quicker."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    number = text(_("Number of the part"), _GIVEN, Length(max=60))
    name = text(_("Name of the part"), _GIVEN, Length(max=120))
    drawing_number = text(_("Drawing number"), Length(max=60))
    unit = text(_("Unit"), _GIVEN, Length(max=10))
    supplier = SelectField(_("Supplier"))
    warranty_months = IntegerField(_("Own warranty in months"), validators=[Optional()])
    price = AmountField(_("Price with tax"), validators=[Optional()])
    cost = AmountField(_("Unit cost"), validators=[Optional()])
    is_wear = BooleanField(_("Wear part: outside of the warranty"))
    is_returned = BooleanField(_("The old part goes back to the factory"))
    has_serials = BooleanField(_("Every piece has its serial number"))
    is_active = BooleanField(_("Offered for new work"), default=True)
    models = SelectMultipleField(
        _("Fits these models"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), choices=[]
    )

    def offer(self, suppliers: Sequence[tuple[int, str]], models: Sequence[tuple[int, str]]) -> None:
        """Say what can be chosen."""
        self.supplier.choices = [("", "–"), *((str(number), name) for number, name in suppliers)]
        self.models.choices = list(models)

    def details(self) -> PartDetails:
        """What was typed."""
        return PartDetails(
            **{name: self[name].data for name in (*_SAME, *_TICKED)},
            supplier_id=int(self.supplier.data) if self.supplier.data else None,
            model_ids=frozenset(self.models.data or ()),
        )


def part_form_of(part: Part | None, **options: Any) -> PartForm:
    """The form, filled with the part when it was not sent (``formdata=None``: in any case)."""
    if part is None:
        return PartForm(data={"unit": "件", "is_active": True})
    fits = sorted(details_of(part).model_ids)
    given = {name: getattr(part, name) for name in (*_SAME, *_TICKED)}
    return PartForm(data=given | {"supplier": str(part.supplier_id or ""), "models": fits, "version": part.version}, **options)


class SupplierForm(FlaskForm):
    """A supplier."""

    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    name = text(_("Name"), _GIVEN, Length(max=120))
    contact = text(_("Contact"), Length(max=60))
    phone = text(_("Phone"), Length(max=30))
    email = text(_("E-mail"), Length(max=120))
    is_active = BooleanField(_("Offered for new purchases"), default=True)

    def details(self) -> SupplierDetails:
        """What was typed."""
        return SupplierDetails(**{name: self[name].data for name in SupplierDetails.__dataclass_fields__})


def supplier_form_of(supplier: Supplier | None, **options: Any) -> SupplierForm:
    """The form, filled with the supplier when it was not sent (``formdata=None``: in any case)."""
    return SupplierForm(obj=supplier, data={"is_active": True}, **options)
