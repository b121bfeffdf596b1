"""What people type when they send somebody, checked for shape; the rules are in the operations."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateTimeLocalField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.models import User
from app.core import clock
from app.core.errors import N_, Invalid
from app.customers.models import Contact
from app.machines.warranty import WarrantyState
from app.roster import calendars
from app.roster.models import Vehicle
from app.tickets.models import Priority
from app.web.labels import options
from app.work_orders.creating import Job
from app.work_orders.models import OrderKind, Proposal, WorkOrder
from app.work_orders.planning import Order
from app.work_orders.visits import USUAL_LENGTH, Assignment
from app.work_orders.writing import MISSING

LOCAL = "%Y-%m-%dT%H:%M"
HALF_HOUR = timedelta(minutes=30)
Choice = tuple[str, object]


def _given(value: str | None) -> str:
    return value or ""  # a field that was not sent at all is an empty one


class AssignmentForm(FlaskForm):
    """Who goes, when, with what; times are the deployment's. ``form_token`` makes sending it twice harmless."""

    version = HiddenField()
    form_token = HiddenField(default=lambda: secrets.token_urlsafe(24))
    proposal = HiddenField()
    lead = StringField(_("Who goes"))
    assistants = SelectMultipleField(
        _("Who goes along"), validate_choice=False, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )
    vehicle = SelectField(_("Vehicle"), validate_choice=False)
    planned_from = DateTimeLocalField(_("Planned from"), format=LOCAL, validators=[Optional()])
    planned_until = DateTimeLocalField(_("Planned until"), format=LOCAL, validators=[Optional()])
    despite_clashes = BooleanField(_("Plan it all the same"))
    agreed_by = SelectField(_("Agreed by phone"), validate_choice=False)
    reason = StringField(_("Why"), validators=[Length(max=500)], filters=[_given])

    def offer(self, technicians: Iterable[tuple[int, str]], vehicles: Iterable[Vehicle], deciders: Iterable[User]) -> None:
        """Say who and what can be chosen."""
        self.assistants.choices = [(str(user_id), name) for user_id, name in technicians]
        self.vehicle.choices = [("", "–"), *((str(one.id), " ".join(filter(None, (one.plate, one.name)))) for one in vehicles)]
        self.agreed_by.choices = [("", "–"), *((str(user.id), user.name) for user in deciders)]

    def span(self) -> tuple[datetime, datetime]:
        """From when until when. Raises ``Invalid`` when a time is missing."""
        starts, ends = self.planned_from.data, self.planned_until.data
        if starts is None or ends is None:
            missing = "planned_from" if starts is None else "planned_until"
            raise Invalid(MISSING, fields={missing: N_("Say when somebody is to be there.")})
        return _instant(starts), _instant(ends)

    def assignment(self) -> Assignment:
        """Who goes, when and with what. Raises ``Invalid``."""
        lead = _user(self.lead.data)
        if lead is None:
            raise Invalid(MISSING, fields={"lead": N_("Choose who goes.")})
        starts, ends = self.span()
        along = [user for user in map(_user, self.assistants.data or ()) if user is not None and user != lead]
        vehicle = Vehicle.get_or_none(Vehicle.id == int(self.vehicle.data)) if _is_id(self.vehicle.data) else None
        return Assignment(lead=lead, planned_from=starts, planned_until=ends, assistants=along, vehicle=vehicle)

    def order(self, proposal: Proposal | None = None, *, override_reason: str = "", note: str = "") -> Order:
        """The order that is given."""
        return Order(
            assignment=self.assignment(), agreed_by=_user(self.agreed_by.data), override_reason=override_reason, note=note,
            despite_clashes=self.despite_clashes.data, proposal=proposal,
        )  # fmt: skip


class DispatchForm(AssignmentForm):
    """An order to be given: the job, and who goes. ``warranty`` is empty where the dates decide."""

    kind = SelectField(_("Kind of job"), choices=options("OrderKind"))
    title = StringField(_("In a few words"), validators=[Length(max=200)], filters=[_given])
    component = StringField(_("Component"), validators=[Length(max=80)], filters=[_given])
    instructions = TextAreaField(_("What to do"), validators=[Length(max=8000)], filters=[_given])
    bring = TextAreaField(_("Parts to bring"), validators=[Length(max=2000)], filters=[_given])
    wanted_at = DateTimeLocalField(_("To be there by"), format=LOCAL, validators=[Optional()])
    is_pit = BooleanField(_("Work in the pit"))
    is_stop = BooleanField(_("Safety stop: to be confirmed before anybody goes down"))
    warranty = SelectField(_("Warranty"), choices=[("", _("As the dates say")), *options("WarrantyState")])
    warranty_reason = StringField(_("Why otherwise"), validators=[Length(max=200)], filters=[_given])
    contact = SelectField(_("Contact"), validate_choice=False)
    override_reason = StringField(_("Emergency: repair without approval because"), validators=[Length(max=500)], filters=[_given])
    is_rework = BooleanField(_("This is a rework: no charge"))
    not_rework_reason = StringField(_("Why it is none"), validators=[Length(max=200)], filters=[_given])
    stops = SelectMultipleField(validate_choice=False)

    def offer_contacts(self, contacts: Iterable[Contact]) -> None:
        """Say who at the customer's can be chosen."""
        self.contact.choices = [("", "–"), *((str(one.id), one.name) for one in contacts)]

    def job(self, base: Job, earlier: WorkOrder | None) -> Job:
        """``base`` as it was changed; ``earlier`` is the order that this may do over again. Raises ``Invalid`` when that is left open."""
        if earlier is not None and not self.is_rework.data and not self.not_rework_reason.data.strip():
            raise Invalid(MISSING, fields={"not_rework_reason": N_("Tick that it is a rework, or say why it is none.")})
        contact = Contact.get_or_none(Contact.id == int(self.contact.data)) if _is_id(self.contact.data) else None
        return Job(
            kind=OrderKind(self.kind.data), title=self.title.data, priority=base.priority, ticket=base.ticket, machine=base.machine,
            project=base.project, contact=contact, instructions=self.instructions.data, bring=self.bring.data,
            component=self.component.data, warranty=WarrantyState(self.warranty.data) if self.warranty.data else None,
            warranty_reason=self.warranty_reason.data if self.warranty.data else "", rework_of=earlier if self.is_rework.data else None,
            is_pit=self.is_pit.data, is_stop=self.is_stop.data,
            wanted_at=_instant(self.wanted_at.data) if self.wanted_at.data else None,
        )  # fmt: skip


def filled(job: Job, *, version: int, dates_say: WarrantyState, earlier: WorkOrder | None, bring: str, now: datetime) -> dict[str, object]:
    """What stands in the form before anybody typed."""
    starts = first_start(job, now)
    differs = job.warranty is not None and job.warranty != dates_say
    return {
        "version": version,
        "kind": job.kind,
        "title": job.title,
        "component": job.component,
        "instructions": job.instructions,
        "bring": job.bring or bring,
        "wanted_at": local(job.wanted_at) if job.wanted_at else None,
        "is_pit": job.is_pit if job.is_pit is not None else job.machine is not None,
        "is_stop": job.is_stop,
        "warranty": job.warranty if differs else "",
        "warranty_reason": job.warranty_reason if differs else "",
        "contact": str(job.contact.id) if job.contact else "",
        "is_rework": earlier is not None,
        "planned_from": local(starts),
        "planned_until": local(starts + USUAL_LENGTH),
    }


def first_start(job: Job, now: datetime) -> datetime:
    """When somebody could begin: as promised, else after half an hour on a full half hour, within working hours if not critical."""
    if job.wanted_at is not None and job.wanted_at > now:
        return job.wanted_at
    since_midnight = local(now) - datetime.combine(local(now).date(), datetime.min.time())
    soon = now + HALF_HOUR + (-(since_midnight + HALF_HOUR) % HALF_HOUR)
    return soon if job.priority == Priority.CRITICAL else _in_working_hours(soon)


def _in_working_hours(at: datetime) -> datetime:
    calendar, here = calendars.present(), at.astimezone(clock.zone())
    opens, closes = (timedelta(minutes=minutes) for minutes in (calendar.hours[0][0], calendar.hours[-1][1]))
    day = here.date()
    if here >= clock.start_of(day) + closes - HALF_HOUR or not calendar.is_working_day(day):
        day += timedelta(days=1)
        while not calendar.is_working_day(day):
            day += timedelta(days=1)
    return max(at, (clock.start_of(day) + opens).astimezone(UTC))


def local(at: datetime) -> datetime:
    """``at`` as a form's field takes it."""
    return at.astimezone(clock.zone()).replace(tzinfo=None)


def instant_of(text: str) -> datetime | None:
    """The time that a field was sent with; None for none."""
    try:
        return _instant(datetime.fromisoformat(text)) if text else None
    except ValueError:
        return None


def chosen(values: Sequence[str] | None) -> list[str]:
    """The keys that were ticked, each once."""
    return list(dict.fromkeys(values or ()))


def _instant(typed: datetime) -> datetime:
    return typed.replace(tzinfo=clock.zone()).astimezone(UTC)


def _is_id(text: str | None) -> bool:
    return bool(text) and str(text).isdecimal() and len(str(text)) < 10


def _user(text: str | None) -> User | None:
    return User.get_or_none(User.id == int(text)) if text and _is_id(text) else None


class ReasonForm(FlaskForm):
    """Why something is done to an order."""

    version = HiddenField()
    reason = TextAreaField(_("Why"), validators=[Length(max=2000)], filters=[_given])


class ProposalForm(FlaskForm):
    """What an area manager proposes for an order."""

    form_token = HiddenField()
    user = SelectField(_("Who should go"), validate_choice=False)
    planned_from = DateTimeLocalField(_("When"), format=LOCAL, validators=[Optional()])
    text = TextAreaField(_("What should be different"), validators=[Length(max=500)], filters=[_given])

    def offer(self, technicians: Iterable[tuple[int, str]]) -> None:
        """Say who can be chosen."""
        self.user.choices = [("", "–"), *((str(user_id), name) for user_id, name in technicians)]

    def person(self) -> User | None:
        """Who was chosen."""
        return _user(self.user.data)

    def when(self) -> datetime | None:
        """The time that was typed."""
        return _instant(self.planned_from.data) if self.planned_from.data else None
