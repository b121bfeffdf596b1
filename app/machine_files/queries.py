"""What the file of one machine shows; every query is built once, as the first screen must not grow with the machine's past."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from peewee import JOIN

from app.accounts.models import Area, User
from app.core import clock, textsearch
from app.core.errors import N_, NotFound
from app.core.files import StoredFile
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Contact, Customer, Project, Site
from app.machine_files import of_machines, timeline
from app.machine_files.kinds import KINDS
from app.machine_files.repeats import Happening, Repeat, repeats
from app.machine_files.timeline import END_MS, Entry, EntryKind, Scope, Stretch
from app.machines import profiles
from app.machines.completeness import Completeness, Facts, completeness
from app.machines.models import DeviceProfile, Document, DocumentRequest, FormType, Machine, MachineModel, MachineMove
from app.machines.paperwork import EXPECTED
from app.machines.queries import profile_of, warranty_now
from app.machines.warranty import Warranty
from app.monitoring import queries as monitoring
from app.monitoring.models import Episode
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.work_orders import queries as orders
from app.work_orders.queries import OrderLine

DOCUMENTS_SHOWN = 8
REQUESTS_SHOWN = 20
# The first screen looks for repeats among so many of the newest occurrences; their own page looks at all.
LOOKED_AT = 300

_by_serial = Prepared(
    lambda serial: (
        Machine.select(Machine, MachineModel, DeviceProfile, Customer, Site, Area, Project, StoredFile)
        .join_from(Machine, MachineModel)
        .join_from(Machine, DeviceProfile, JOIN.LEFT_OUTER)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .join_from(Machine, Area, JOIN.LEFT_OUTER)
        .join_from(Machine, Project, JOIN.LEFT_OUTER)
        .join_from(Machine, StoredFile, JOIN.LEFT_OUTER)
        .where(Machine.serial == serial)
    )
)
_newest_photo = Prepared(
    lambda machine_id: (
        Document.select(Document, StoredFile)
        .join(StoredFile)
        .where(Document.machine == machine_id, Document.form_type == FormType.PHOTO, Document.removed_at.is_null(), StoredFile.has_preview)
        .order_by(Document.created_at.desc())
        .limit(1)
    )
)
_contact = Prepared(
    lambda customer_id, site_id: (
        Contact.select(Contact.id)
        .where(Contact.customer == customer_id, (Contact.site == site_id) | Contact.site.is_null(), Contact.phone != "")
        .limit(1)
    )
)
_forms = Prepared(
    lambda machine_id: (
        Document.select(Document.form_type)
        .where(Document.machine == machine_id, Document.form_type.in_([one.form_type for one in EXPECTED]), Document.removed_at.is_null())
        .group_by(Document.form_type)
    )
)
_project_forms = Prepared(
    lambda project_id: Document.select(Document.form_type).where(Document.project == project_id, Document.removed_at.is_null())
)
_requests = Prepared(
    lambda machine_id, most: (
        DocumentRequest.select(DocumentRequest, User)
        .join(User, JOIN.LEFT_OUTER)
        .where(DocumentRequest.machine == machine_id, DocumentRequest.document.is_null(), DocumentRequest.waived_at.is_null())
        .order_by(DocumentRequest.id)
        .limit(most)
    )
)


def by_serial(actor: Actor, serial: str) -> Machine:
    """The machine with all it hangs on. Raises ``NotFound`` for one that ``actor`` may not see."""
    machine: Machine | None = _by_serial.first(serial)
    if machine is None or not (actor.area_ids is None or machine.area_id in actor.area_ids):
        raise NotFound(N_("There is no machine of this serial number, or it is not for you to see."))
    return machine


@dataclass(frozen=True, slots=True)
class File:
    """What every part of the file knows of its machine; ``is_for_customer`` leaves out costs and what is internal."""

    machine: Machine
    is_for_customer: bool = False

    @property
    def warranty(self) -> Warranty:
        """Today's, with its reason."""
        return warranty_now(self.machine)

    def code_name(self, code: str, language: str) -> str:
        """What the monitoring profile calls a fault code; empty for one it does not know."""
        policy = profiles.code(profile_of(self.machine), code)
        return policy.name(language) if policy.is_in_profile else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What needs a person now."""

    alarms: list[Any]
    tickets: list[Ticket]
    requests: list[DocumentRequest]
    orders: list[OrderLine] = field(default_factory=list)


def standing(actor: Actor, machine: Machine) -> Standing:
    """Standing alarms, open tickets and forms asked for, of those that ``actor`` may see."""
    opened = tickets.open_of_machine(machine) if actor.may("tickets.read") else []
    if actor.area_ids is not None:
        opened = [ticket for ticket in opened if ticket.area_id in actor.area_ids]
    asked = _requests.rows(machine.id, REQUESTS_SHOWN) if actor.may("documents.read") else []
    sent = [line for line in orders.open_of_machine(machine) if _may_see(actor, line)] if actor.may("orders.read") else []
    return Standing(monitoring.standing_of(actor, machine) if machine.device else [], opened, asked, sent)


def _may_see(actor: Actor, line: OrderLine) -> bool:
    return actor.area_ids is None or line.order.area_id in actor.area_ids or line.order.lead_id == actor.user_id


def standing_for_customer(actor: Actor, machine: Machine) -> Standing:
    """What the customer may know of it: the open tickets that are theirs, and the alarms."""
    found = standing(actor, machine)
    return Standing(found.alarms, [ticket for ticket in found.tickets if ticket.customer_id in (None, machine.customer_id)], [])


def picture_of(machine: Machine) -> StoredFile | None:
    """The picture of the machine: the one that was chosen, else its newest photo."""
    if machine.photo_id is not None:
        chosen: StoredFile = machine.photo
        return chosen
    newest = _newest_photo.first(machine.id)
    return newest.file if newest else None


def completeness_of(machine: Machine, has_photo: bool) -> Completeness:
    """How complete the file is."""
    forms = {row.form_type for row in _forms.rows(machine.id)}
    if machine.project_id is not None:
        forms |= {row.form_type for row in _project_forms.rows(machine.project_id)}
    return completeness(
        Facts(
            has_photo=has_photo,
            has_customer=machine.customer_id is not None,
            has_site=machine.site_id is not None,
            has_address=bool(machine.site and machine.site.address),
            has_contact=machine.customer_id is not None and _contact.first(machine.customer_id, machine.site_id or 0) is not None,
            has_terminal=machine.device is not None,
            shipped_on=machine.shipped_on,
            accepted_on=machine.accepted_on,
            forms=frozenset(forms),
        )
    )


def documents_of(actor: Actor, machine: Machine, most: int = DOCUMENTS_SHOWN) -> Stretch:
    """The newest documents, as entries of the timeline."""
    kinds = timeline.kinds_for(actor, (of_machines.DOCUMENTS,))
    return timeline.read(Scope(machine=machine), kinds, KINDS, most=most)


# --- the timeline -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the timeline is asked for: kinds by name (none: all), words, days of the deployment (``to_on`` included)."""

    kinds: frozenset[str] = frozenset()
    q: str = ""
    from_on: date | None = None
    to_on: date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether less than everything is shown."""
        return self != Wanted()


def scope_of(actor: Actor, machine: Machine, wanted: Wanted) -> Scope:
    """Whose entries ``actor`` is shown."""
    return Scope(
        machine=machine,
        from_ms=clock.to_ms(clock.start_of(wanted.from_on)) if wanted.from_on else 0,
        to_ms=clock.to_ms(clock.end_of(wanted.to_on)) if wanted.to_on else END_MS,
        words=tuple(textsearch.words(wanted.q)),
        area_ids=actor.area_ids,
    )


def chosen(actor: Actor, wanted: Wanted) -> tuple[EntryKind, ...]:
    """The kinds that are shown: those asked for of those that ``actor`` may see."""
    return tuple(kind for kind in timeline.kinds_for(actor, KINDS) if not wanted.kinds or kind.name in wanted.kinds)


def stretch(actor: Actor, machine: Machine, wanted: Wanted, after: str | None = None) -> Stretch:
    """One page of the timeline. Raises ``Invalid`` for a key that was tampered with."""
    return timeline.read(scope_of(actor, machine, wanted), chosen(actor, wanted), KINDS, after=after)


def chips(actor: Actor, machine: Machine, wanted: Wanted) -> list[tuple[EntryKind, int, bool]]:
    """Every kind that ``actor`` may see, with how many entries the period and the words leave, and whether there are more."""
    kinds = timeline.kinds_for(actor, KINDS)
    found = timeline.counts(scope_of(actor, machine, wanted), kinds)
    return [(kind, *found[kind.name]) for kind in kinds]


def everything(actor: Actor, machine: Machine, wanted: Wanted, *, is_for_customer: bool, most: int) -> Stretch:
    """The whole timeline for paper, at most ``most`` entries.

    For the customer it begins when the present customer took the machine over, and leaves out what is internal.
    """
    scope = scope_of(actor, machine, wanted)
    if is_for_customer:
        scope = replace(scope, from_ms=max(scope.from_ms, owned_since_ms(machine)))
    found = timeline.whole(scope, chosen(actor, wanted), KINDS, most)
    if not is_for_customer:
        return found
    entries = [entry for entry in found.entries if entry.kind.is_for_customers(entry.record) and _is_theirs(entry, machine)]
    return Stretch(entries, found.earlier_key)


def owned_since_ms(machine: Machine) -> int:
    """When the present customer took the machine over, 0 for the first one; moves between sites of one customer do not count."""
    taken = MachineMove.select(MachineMove.at).where(
        MachineMove.machine == machine,
        MachineMove.from_customer.is_null(False),
        MachineMove.to_customer.is_null() | (MachineMove.from_customer != MachineMove.to_customer),
    )
    move = taken.order_by(MachineMove.at.desc()).first()
    return clock.to_ms(move.at) if move else 0


def _is_theirs(entry: Entry, machine: Machine) -> bool:
    """What hangs on a ticket of another customer stays with that customer, whenever it was written."""
    ticket = entry.record if isinstance(entry.record, Ticket) else getattr(entry.record, "ticket", None)
    return not isinstance(ticket, Ticket) or ticket.customer_id in (None, machine.customer_id)


# --- faults that came back ------------------------------------------------------


def repeats_of(actor: Actor, machine: Machine, *, is_whole: bool = False) -> list[Repeat]:
    """Faults that came back within 90 days: among those of the last 90 days, or (``is_whole``) in the machine's whole past."""
    since = None if is_whole else clock.now() - timedelta(days=90)
    happenings = _of_episodes(machine, since) if actor.may("monitoring.read") else []
    if actor.may("tickets.read"):
        happenings += _of_tickets(actor, machine, since)
    return repeats(happenings)


def _of_episodes(machine: Machine, since: Any) -> list[Happening]:
    query = Episode.select(Episode.code, Episode.started_at).where(Episode.machine == machine)
    if since is not None:
        query = query.where(Episode.started_at >= since).order_by(Episode.started_at.desc()).limit(LOOKED_AT)
    return [Happening(("code", code), at, code, code) for code, at in query.tuples()]


def _of_tickets(actor: Actor, machine: Machine, since: Any) -> list[Happening]:
    """By the words of their titles; alarms' tickets have their episodes."""
    query = Ticket.select(Ticket.title, Ticket.opened_at).where(Ticket.machine == machine, Ticket.reason == "")
    if actor.area_ids is not None:
        query = query.where(Ticket.area.in_(sorted(actor.area_ids)))
    if since is not None:
        query = query.where(Ticket.opened_at >= since).order_by(Ticket.opened_at.desc()).limit(LOOKED_AT)
    return [Happening(("words", *sorted(textsearch.tokens(title))), at, title, title) for title, at in query.tuples()]
