"""Photos, films and documents on tickets."""

import io

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import files, live
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.files import Incoming, StoredFile
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.tickets import attachments
from app.tickets.models import TicketAttachment, TicketNote
from tests import factories
from tests import filemakers as make
from tests.personas import actor_of, make_user


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK))


def photo(name: str = "a.jpg") -> Incoming:
    return files.take_in(name=name, stream=io.BytesIO(make.jpeg()))


def test_it_works(clerk: Actor) -> None:
    ticket = factories.ticket()
    before = live.version("tickets")
    done = attachments.attach(by=clerk, ticket=ticket, incoming=[photo("a.jpg"), photo("b.jpg")], text="漏油的地方")
    assert done.note is not None
    assert [one.file.name for one in attachments.of_ticket(ticket)] == ["a.jpg", "b.jpg"]
    assert {one.note_id for one in attachments.of_ticket(ticket)} == {done.note.id}
    assert live.version("tickets") == before + 1
    entry = HistoryEntry.get(HistoryEntry.action == "ticket.attached")
    assert entry.object_id == ticket.number
    assert "a.jpg" in entry.after


def test_an_attachment_knows_the_machine_of_its_ticket(clerk: Actor) -> None:
    machine = factories.machine()
    attachments.attach(by=clerk, ticket=factories.ticket(machine=machine), incoming=[photo()])
    assert TicketAttachment.get().machine_id == machine.id


def test_a_form_sent_twice_attaches_once(clerk: Actor) -> None:
    ticket = factories.ticket()
    attachments.attach(by=clerk, ticket=ticket, incoming=[photo()], text="words", form_token="t1")
    again = attachments.attach(by=clerk, ticket=ticket, incoming=[photo()], text="words", form_token="t1")
    assert again.attachments == ()
    assert (TicketAttachment.select().count(), TicketNote.select().count(), StoredFile.select().count()) == (1, 1, 1)


def test_nothing_at_all_cannot_be_attached(clerk: Actor) -> None:
    with pytest.raises(Invalid):
        attachments.attach(by=clerk, ticket=factories.ticket(), incoming=[], text="  ")


def test_a_ticket_holds_only_so_many_files(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_ON_A_TICKET", 2)
    ticket = factories.ticket()
    attachments.attach(by=clerk, ticket=ticket, incoming=[photo()])
    with pytest.raises(Invalid, match="at most 2 files"):
        attachments.attach(by=clerk, ticket=ticket, incoming=[photo(), photo()], text="words")
    assert TicketNote.select().count() == 0, "nothing is done with half of what was sent"


def test_a_removed_attachment_is_gone_from_the_ticket_and_can_be_brought_back(clerk: Actor) -> None:
    ticket = factories.ticket()
    (one,) = attachments.attach(by=clerk, ticket=ticket, incoming=[photo()]).attachments
    attachments.remove(by=clerk, attachment=one)
    assert attachments.of_ticket(ticket) == []
    assert [removed.removed_by_name for removed in attachments.of_ticket(ticket, removed=True)] == [clerk.name]
    assert files.path_of(one.file).exists()
    attachments.restore(by=clerk, attachment=one)
    assert [kept.id for kept in attachments.of_ticket(ticket)] == [one.id]


def test_what_somebody_else_did_first_is_not_done_again(clerk: Actor) -> None:
    (one,) = attachments.attach(by=clerk, ticket=factories.ticket(), incoming=[photo()]).attachments
    with pytest.raises(Conflict):
        attachments.restore(by=clerk, attachment=one)
    attachments.remove(by=clerk, attachment=one)
    with pytest.raises(Conflict):
        attachments.remove(by=clerk, attachment=one)


def test_an_attachment_is_described_in_a_few_words(clerk: Actor) -> None:
    ticket = factories.ticket()
    (one,) = attachments.attach(by=clerk, ticket=ticket, incoming=[photo()]).attachments
    attachments.describe(by=clerk, attachment=one, caption="  左侧\n油缸 ")
    assert attachments.one_of(ticket, one.id).caption == "左侧 油缸"
    with pytest.raises(Invalid):
        attachments.describe(by=clerk, attachment=one, caption="x" * 201)


def test_an_attachment_of_another_ticket_is_not_found(clerk: Actor) -> None:
    (one,) = attachments.attach(by=clerk, ticket=factories.ticket(), incoming=[photo()]).attachments
    with pytest.raises(NotFound):
        attachments.one_of(factories.ticket(), one.id)


def test_administrators_leave_no_files_on_tickets(database: Database) -> None:
    with pytest.raises(NotAllowed):
        attachments.attach(by=actor_of(make_user(Role.ADMIN)), ticket=factories.ticket(), incoming=[photo()])
