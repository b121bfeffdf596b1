"""The files of a ticket on its pages."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import files
from app.tickets.models import Ticket, TicketAttachment, TicketNote
from tests import factories
from tests import filemakers as make
from tests.personas import make_area, make_user, sign_in


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


@pytest.fixture
def ticket(clerk: FlaskClient) -> Ticket:
    return factories.ticket(machine=factories.machine())


def sending(*contents: tuple[bytes, str], **more: str) -> dict[str, Any]:
    return {"files": [(io.BytesIO(content), name) for content, name in contents], **more}


def place(ticket: Ticket, attachment: TicketAttachment | None = None, tail: str = "") -> str:
    return f"/tickets/{ticket.number}/attachments" + (f"/{attachment.id}" if attachment else "") + tail


def test_it_works(clerk: FlaskClient, ticket: Ticket) -> None:
    sent = sending((make.jpeg(), "油缸.jpg"), (make.film(), "声音.mp4"), text="听这个声音")
    assert clerk.post(place(ticket), data=sent).status_code == 303
    first, second = TicketAttachment.select().order_by(TicketAttachment.id)
    page = clerk.get(place(ticket)).text
    assert "油缸.jpg" in page
    assert "声音.mp4" in page
    assert f"{place(ticket, first)}?preview=1" in page
    shown = clerk.get(place(ticket, first))
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert len(clerk.get(place(ticket, first, "?preview=1")).data) > 0
    assert clerk.get(place(ticket, second)).mimetype == "video/mp4"
    assert TicketNote.get().text == "听这个声音"


def test_a_note_takes_files_along_and_shows_them_in_the_timeline_and_on_paper(clerk: FlaskClient, ticket: Ticket) -> None:
    assert clerk.post(f"/tickets/{ticket.number}/notes", data=sending((make.png(), "截图.png"), text="看图")).status_code == 303
    one = TicketAttachment.get()
    assert one.note.text == "看图"
    for path in (f"/tickets/{ticket.number}", f"/tickets/{ticket.number}/timeline", f"/tickets/{ticket.number}/print"):
        assert f"{place(ticket, one)}?preview=1" in clerk.get(path).text, path


def test_files_alone_need_no_words_and_have_their_place_in_the_timeline(clerk: FlaskClient, ticket: Ticket) -> None:
    clerk.post(f"/tickets/{ticket.number}/notes", data=sending((make.png(), "a.png"), (make.png(), "b.png"), text=""))
    assert TicketNote.select().count() == 0
    assert clerk.get(f"/tickets/{ticket.number}").text.count('id="attached-') == 1


def test_what_was_typed_and_the_good_files_stay_when_one_is_refused(clerk: FlaskClient, ticket: Ticket) -> None:
    for path in (f"/tickets/{ticket.number}/notes", place(ticket)):
        answer = clerk.post(path, data=sending((make.png(), "good.png"), (b"MZ", "bad.png"), text="words typed"))
        assert answer.status_code == 422
        assert "words typed" in answer.text
        assert "good.png" in answer.text
        assert "“bad.png”是程序" in answer.text
    assert TicketAttachment.select().count() == TicketNote.select().count() == 0


def test_the_same_form_sent_twice_hands_in_once(clerk: FlaskClient, ticket: Ticket) -> None:
    for _ in range(2):
        assert clerk.post(place(ticket), data=sending((make.png(), "a.png"), form_token="once")).status_code == 303
    assert TicketAttachment.select().count() == 1


def test_one_file_after_the_other_is_looked_at_by_keyboard(clerk: FlaskClient, ticket: Ticket) -> None:
    one, two, three = (factories.attachment(ticket=ticket, name=f"{n}.jpg") for n in range(3))
    middle = clerk.get(place(ticket, two, "/view")).text
    assert f'href="{place(ticket, one, "/view")}" data-key="ArrowLeft"' in middle
    assert f'href="{place(ticket, three, "/view")}" data-key="ArrowRight"' in middle
    assert "2 / 3" in middle
    assert "ArrowRight" not in clerk.get(place(ticket, three, "/view")).text


def test_a_file_is_described_taken_off_and_brought_back(clerk: FlaskClient, ticket: Ticket) -> None:
    one = factories.attachment(ticket=ticket)
    assert clerk.post(place(ticket, one, "/caption"), data={"caption": "左侧油缸"}).status_code == 303
    assert "左侧油缸" in clerk.get(f"/tickets/{ticket.number}").text
    assert clerk.post(place(ticket, one, "/removal")).status_code == 303
    page = clerk.get(place(ticket)).text
    assert f'id="attachment-{one.id}"' not in page
    assert place(ticket, one, "/restoration") in page
    assert clerk.post(place(ticket, one, "/removal")).status_code == 409
    assert clerk.post(place(ticket, one, "/restoration")).status_code == 303
    assert f'id="attachment-{one.id}"' in clerk.get(place(ticket)).text
    too_long = clerk.post(place(ticket, one, "/caption"), data={"caption": "x" * 201})
    assert too_long.status_code == 422


def test_files_of_another_ticket_or_area_are_not_found(client: FlaskClient) -> None:
    north, south = make_area("North"), make_area("South")
    one = factories.attachment(ticket=factories.ticket(machine=factories.machine(area=north)))
    other = factories.ticket(machine=factories.machine(area=south))
    sign_in(client, make_user(Role.TECHNICIAN, areas=(south,)))
    for tail in ("", "?preview=1", "/view"):
        assert client.get(place(one.ticket, one, tail)).status_code == 404
        assert client.get(place(other, one, tail)).status_code == 404
    for tail in ("/removal", "/restoration", "/caption"):
        assert client.post(place(one.ticket, one, tail)).status_code == 404
    assert client.post(place(one.ticket), data=sending((make.png(), "a.png"))).status_code == 404


def test_a_document_is_saved_and_never_opened_as_a_page(clerk: FlaskClient, ticket: Ticket) -> None:
    one = factories.attachment(ticket=ticket, content=make.mail(), name="mail.html")
    answer = clerk.get(place(ticket, one))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.mimetype == "message/rfc822"
    assert one.file.name == "mail.html.eml"


def test_a_file_that_is_gone_from_the_disk_is_no_error_of_the_program(clerk: FlaskClient, ticket: Ticket) -> None:
    one = factories.attachment(ticket=ticket)
    files.path_of(one.file).unlink()
    assert clerk.get(place(ticket, one)).status_code == 404
    assert clerk.get(place(ticket, one, "/view")).status_code == 200
