"""What people and devices write is shown as text: a marker in every text column, then every page as every role (security §3)."""

import json
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from peewee import CharField, Database, Field, FixedCharField, IntegrityError, TextField

from app.core import clock, db, history
from app.core.db import BaseModel
from app.core.types import Actor
from app.machines.models import DeviceProfile
from app.monitoring.models import QuarantinedMessage, Reading, RejectedMessage
from app.tickets.models import Ticket, TicketNote
from app.tickets.reasons import AlarmReason, to_json
from tests.conventions.access import ACCESS, Side, World, make_world, values_for
from tests.personas import sign_in

PERSONAS = ("chen", "li", "area_manager", "zhao", "liu", "sun", "admin")
# What addresses are made of, what is read as code or JSON, and what nobody is shown.
KEPT = {
    "broadcast_message.filters",
    "ticket.number", "machine.serial", "machine.device", "device_profile.name", "person.username", "person.password_hash", "person.locale",
    "person.theme", "terminal.device", "quarantined_message.device", "device_credential.device", "rejected_message.reason",
    "reading.metrics", "ticket.reason", "notice.params", "hotline_record.content", "device_profile.document", "import_run.mapping",
    "import_run.preview", "import_run.bad_lines", "import_run.problem",
    "imported_row.before", "visit_draw.pool", "visit_draw.drawn", "authority.permission",
}  # fmt: skip
# Those that must come to a screen, or the test would look at nothing.
SHOWN = {
    "ticket.title", "ticket.text", "ticket.reason", "ticket_note.text", "customer.name", "site.name", "contact.name", "area.name",
    "person.name", "machine.batch", "machine.gateway", "machine_model.name", "episode.text", "episode.code", "alarm.code",
    "device_profile.title_zh", "device_profile.document", "rejected_message.topic", "rejected_message.payload",
    "quarantined_message.device", "reading.metrics", "history_entry.after", "history_entry.object_id", "import_run.file_name",
    "import_run.source_name",
}  # fmt: skip
# For what may not be longer than 16 characters.
SHORT = '"><b onerror=1>'


class Marks:
    """One marker for each place, so that what a page shows says where it came from."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def of(self, place: str) -> str:
        """Breaks out of an attribute, runs on an error, asks and listens by htmx."""
        self.places.append(place)
        return f"\"'><img src=m{len(self.places) - 1}. onerror=run() hx-get=/mark hx-on:click=run()>"

    def in_text(self, text: str) -> set[str]:
        """The places whose markers stand in ``text``."""
        return {place for number, place in enumerate(self.places) if f"<img src=m{number}. " in text}


class Tags(HTMLParser):
    """The elements of a page that came out of a marker."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if any(name.startswith(("on", "hx-on")) or (name, value) == ("hx-get", "/mark") for name, value in attrs):
            self.found.append(str(self.get_starttag_text()))


def markup_in(page: str) -> list[str]:
    tags = Tags()
    tags.feed(page)
    return tags.found


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What a page does with text does not depend on the database."""
    return sqlite_database


@pytest.fixture
def marks() -> Marks:
    return Marks()


@pytest.fixture
def world(app: Flask, marks: Marks) -> World:
    """The world of the access matrix with a marker wherever text can stand."""
    made = make_world()
    with db.transaction():
        TicketNote.create(ticket=made.north.ticket, at=clock.now(), by_name="somebody", text="words")
    for model in _models(BaseModel):
        for field in model._meta.sorted_fields:
            _mark(marks, model, field)
    _mark_what_devices_send(marks, made.north)
    with db.transaction():
        writer = Actor(None, marks.of("history_entry.actor_name"), ip="127.0.0.1")
        after, personal = {marks.of("history_entry.after"): 1}, {"name": marks.of("history_personal.value")}
        kind, number = marks.of("history_entry.object_type"), marks.of("history_entry.object_id")
        history.record(writer, marks.of("history_entry.action"), kind, number, after=after, personal=personal)
    return made


def _mark(marks: Marks, model: type[BaseModel], field: Field) -> None:
    place = f"{model._meta.table_name}.{field.column_name}"
    is_text = isinstance(field, CharField | TextField) and not isinstance(field, FixedCharField)
    if not is_text or field.primary_key or place in KEPT or place.startswith("history"):
        return
    try:
        with db.transaction():
            for row in model.select():
                model.update({field: marks.of(place)}).where(row._pk_expr()).execute()
    except IntegrityError:  # only the codes of an enumeration may stand there
        return


def _mark_what_devices_send(marks: Marks, side: Side) -> None:
    words = {"zh": marks.of("device_profile.document"), "en": marks.of("device_profile.document")}
    document = {
        "profile": side.profile.name,
        "name": words,
        "metrics": {"oil_temperature": {"unit": SHORT, "name": words}},
        "codes": {"E04": {"name": words, "severity": "low"}},
    }
    mark = marks.of("ticket.reason")
    reason = AlarmReason(code=mark, name_zh=mark, name_en=mark, at=clock.now(), device=mark, text=mark)
    with db.transaction():
        DeviceProfile.update(document=json.dumps(document), version=2).where(DeviceProfile.id == side.profile.id).execute()
        Ticket.update(reason=to_json([reason])).execute()
        metrics = {"oil_temperature": 50.5, marks.of("reading.metrics"): 1, "said": marks.of("reading.metrics")}
        Reading.update(metrics=json.dumps(metrics)).execute()
        RejectedMessage.update(payload=marks.of("rejected_message.payload").encode()).execute()
        device = marks.of("quarantined_message.device")
        QuarantinedMessage.create(device=device, topic=device, payload=device.encode(), key=b"k" * 16, received_at=clock.now())


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _pages(app: Flask, world: World, persona: str) -> Iterator[tuple[str, str]]:
    """Every address that answers with a page, and the page."""
    client = sign_in(app.test_client(), getattr(world.people, persona))
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in ACCESS or "GET" not in (rule.methods or ()):
            continue
        path = adapter.build(rule.endpoint, values_for(rule.endpoint, set(rule.arguments), world.north))
        answer: Any = client.get(path)
        assert answer.status_code < 500, path
        if answer.mimetype == "text/html":
            yield path, answer.text


def test_it_works(marks: Marks) -> None:
    mark = marks.of("somewhere")
    assert markup_in(f"<p>{mark}</p>")
    assert markup_in(f'<p title="{mark}">')
    assert markup_in(f"<td>{SHORT}</td>")
    assert not markup_in('<p title="a &lt;img onerror=run()&gt;">&lt;b hx-on:click=x&gt;</p><form hx-get="/tickets">')


@pytest.mark.usefixtures("empty_pdfs")
def test_no_role_is_sent_markup_that_somebody_wrote(app: Flask, world: World, marks: Marks) -> None:
    broken, shown = [], set()
    for persona in PERSONAS:
        for path, page in _pages(app, world, persona):
            broken += [(persona, path, tag) for tag in markup_in(page)]
            shown |= marks.in_text(unescape(page))
    assert broken == []
    assert SHOWN - shown == set(), "these markers came to no page: the test has lost sight of them"
