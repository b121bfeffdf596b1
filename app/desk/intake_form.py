"""What is typed while a call is taken, and what it means: the form, how it is filled, and the call it describes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.accounts import queries as accounts
from app.accounts.models import User
from app.core import clock
from app.core.errors import N_, Invalid
from app.core.files import Incoming
from app.core.types import Actor
from app.desk import card
from app.desk.card import Asked
from app.tickets import channels, drafts, inbox
from app.tickets import queries as tickets
from app.tickets.drafts import Content, Writing
from app.tickets.filing import Call
from app.tickets.models import IntakeChannel, Priority, Ticket, TicketKind
from app.tickets.states import Outcome
from app.tickets.writing import MISSING
from app.web.i18n import language
from app.web.labels import options

# What a call of each kind is worth before anybody looked; a standing critical alarm raises a repair request.
PRIORITY_OF: dict[TicketKind, Priority] = {
    TicketKind.FAULT_REPORT: Priority.HIGH,
    TicketKind.COMPLAINT: Priority.HIGH,
    TicketKind.SUGGESTION: Priority.LOW,
    TicketKind.ENQUIRY: Priority.LOW,
    TicketKind.PARTS_ORDER: Priority.LOW,
}
NO_MACHINE = N_("There is no machine of this serial number. Check it, or leave it empty and name the customer.")
NO_CUSTOMER = N_("No customer is called exactly that. Choose one above, or register it as a new customer.")
_MAX_AHEAD_S = 600


def _choices(kind: str) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in options(kind)]


def _given(value: str | None) -> str:
    return (value or "").strip()  # a field that was not sent at all is an empty one


class IntakeForm(FlaskForm):
    """A call. ``draft`` names what is kept of it while one types and is the form's token: sent again, it leads to the same ticket."""

    draft = HiddenField("", filters=[_given])
    page = HiddenField("", filters=[_given])
    turn = HiddenField("", filters=[_given])
    seen = HiddenField("", filters=[_given])
    mail = HiddenField("", filters=[_given])
    contact_id = HiddenField("", filters=[_given])
    q = StringField(_("Phone, serial number, customer or pinyin"), validators=[Length(max=4000)], filters=[_given])
    machine = StringField(_("Machine (serial number)"), validators=[Length(max=40)], filters=[_given])
    customer = StringField(_("Customer"), validators=[Length(max=120)], filters=[_given])
    caller_name = StringField(_("Who calls"), validators=[Length(max=60)], filters=[_given])
    caller_phone = StringField(_("Their phone"), validators=[Length(max=30)], filters=[_given])
    kind = RadioField(_("Kind"), choices=_choices("TicketKind"), default=TicketKind.FAULT_REPORT)
    priority = RadioField(_("Priority"), choices=_choices("Priority"), default=Priority.HIGH)
    channel = SelectField(_("Came by"), choices=[], filters=[_given])
    called_at = StringField(_("Called at"), filters=[_given])
    title = StringField(
        _("In a few words"), validators=[InputRequired(_("Say in a few words what it is about.")), Length(max=200)], filters=[_given]
    )
    text = TextAreaField(_("What was said"), validators=[Length(max=8000)], filters=[_given])
    solution = TextAreaField(_("What solved it"), validators=[Length(max=4000)], filters=[_given])
    is_major = BooleanField(_("Difficult or major"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        rows = channels.active()
        self.channel.choices = [SelectChoice(str(row.id), channel_name(row)) for row in rows]
        if not self.channel.data and rows:
            self.channel.data = str(rows[0].id)

    def needs_no_title(self) -> Self:
        """For a call that joins a ticket: that somebody phoned again may be all there is to say."""
        self.title.validators = [Length(max=200)]
        return self


def channel_name(row: IntakeChannel) -> str:
    """What a way of coming in is called in the reader's language."""
    return str(row.name_zh if language().startswith("zh") else row.name_en)


def form_for(content: Content, draft_id: str, *, page: str = "", seen: datetime | None = None) -> IntakeForm:
    """The form with what was kept of a call."""
    values: dict[str, Any] = dict(content)
    values["is_major"] = bool(content.get("is_major"))
    now = clock.now().astimezone(clock.zone())
    values.setdefault("called_at", f"{now:%Y-%m-%dT%H:%M}")
    seen_ms = str(clock.to_ms(seen)) if seen else ""
    return IntakeForm(formdata=None, draft=draft_id, page=page or drafts.new_id(), turn="0", seen=seen_ms, **values)


def writing_of(form: Any) -> Writing:
    """What a page sends to be kept, as it stands in the request's form."""
    seen, turn = form.get("seen", ""), form.get("turn", "")
    return Writing(
        draft_id=form.get("draft", ""),
        content=drafts.content_of(form),
        page=form.get("page", "")[:32],
        turn=int(turn) if _is_number(turn) else 0,
        seen=clock.from_ms(int(seen)) if _is_number(seen) else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def asked_in(form: Any) -> Asked:
    """Whom the form is about so far."""
    kind, contact_id = form.get("kind", ""), form.get("contact_id", "")
    return Asked(
        machine=form.get("machine", "").strip()[:40],
        customer=form.get("customer", "").strip()[:120],
        contact_id=int(contact_id) if _is_number(contact_id) else None,
        phone=form.get("caller_phone", "").strip()[:30],
        kind=TicketKind(kind) if kind in set(TicketKind) else TicketKind.FAULT_REPORT,
    )


def call_of(by: Actor, form: IntakeForm, writing: Writing, sent: Mapping[str, str], handed_in: Sequence[Incoming]) -> Call:
    """The call that the form describes; ``sent`` is what came with it beside its fields (ticks of the card, the button pressed).

    Raises ``Invalid`` with a word beside each field that names nothing known.
    """
    found, registers = check_names(by, writing, sent)
    contact, outcome = found.contact, sent.get("outcome", "")
    if contact is not None and (found.customer is None or contact.customer_id != found.customer.id):
        contact = None  # the customer was changed after the contact had been chosen
    return Call(
        writing=writing,
        channel=channels.by_id(int(form.channel.data)) if _is_number(form.channel.data or "") else None,
        kind=TicketKind(form.kind.data),
        priority=Priority(form.priority.data),
        title=form.title.data,
        text=form.text.data,
        machine=found.machine,
        customer=found.customer,
        contact=contact or _contact_among(found, form.caller_name.data, form.caller_phone.data),
        caller_name=form.caller_name.data or (contact.name if contact else ""),
        caller_phone=form.caller_phone.data or (contact.phone if contact else ""),
        called_at=_moment(form.called_at.data),
        is_major=form.is_major.data,
        outcome=Outcome(outcome) if outcome in set(Outcome) else Outcome.SAVE,
        solution=form.solution.data,
        repeat_of=_earlier(by, sent.get("repeat_of", "")),
        new_customer=form.customer.data if registers else "",
        keeps_contact=bool(sent.get("keeps_contact")),
        handed_in=handed_in,
        responsible=_responsible(sent.get("responsible", "")),
        mail=inbox.by_id(int(form.mail.data)) if _is_number(form.mail.data) and by.may("mail.read") else None,
    )


def check_names(by: Actor, writing: Writing, sent: Mapping[str, str]) -> tuple[card.Card, bool]:
    """Who is meant, and whether a customer is to be registered. Raises ``Invalid`` with a word beside each field that is not known."""
    found = card.named(by, asked_in(writing.content))
    registers = found.is_unknown_customer and bool(sent.get("new_customer"))
    wrong = {"machine": NO_MACHINE} if found.is_unknown_machine else {}
    if found.is_unknown_customer and not registers:
        wrong["customer"] = NO_CUSTOMER
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    return found, registers


def _contact_among(found: card.Card, name: str, phone: str) -> Any:
    """The contact of the customer with the caller's name and number, or with the number alone."""
    if found.customer is None or not (name or phone):
        return None
    return card.contact_with(found.customer, name, phone)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(MISSING, fields={"called_at": N_("That is not a time; write it like 2026-11-23 14:05.")}) from None
    at = at if at.tzinfo else at.replace(tzinfo=clock.zone())
    if (at - clock.now()).total_seconds() > _MAX_AHEAD_S:
        raise Invalid(MISSING, fields={"called_at": N_("This time is still to come.")})
    return at


def _responsible(chosen: str) -> User | None:
    """Who is to answer a complaint, when that was chosen by hand."""
    return accounts.user(int(chosen)) if _is_number(chosen) else None


def _earlier(by: Actor, number: str) -> Ticket | None:
    return tickets.by_number(by, number) if number else None
