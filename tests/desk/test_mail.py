"""The inbox and the outgoing mail on screen."""

import pytest
from flask.testing import FlaskClient

from app.core.outbox import OutboxMessage, OutboxState
from app.tickets.models import InboundMail, InboundMailFile, MailState, TicketNote
from tests import factories
from tests.personas import People, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


def test_it_works(client: FlaskClient, who: People) -> None:
    mail = factories.inbound_mail()
    assert mail.subject in client.get("/mail").text
    page = client.get(f"/mail/{mail.id}").text
    assert mail.text in page
    assert f"/tickets/new?mail={mail.id}" in page
    row = InboundMailFile.get()
    assert client.get(f"/mail/{mail.id}/files/{row.id}").mimetype == "image/jpeg"


def test_the_intake_opens_filled_with_the_mail(client: FlaskClient, who: People) -> None:
    mail = factories.inbound_mail()
    page = client.get(f"/tickets/new?mail={mail.id}", follow_redirects=True).text
    assert mail.subject in page
    assert mail.text in page


def test_a_mail_that_names_its_ticket_is_added_there(client: FlaskClient, who: People) -> None:
    ticket = factories.ticket(number="T2611-0042")
    mail = factories.inbound_mail(subject="Re: [T2611-0042] 投诉")
    assert 'value="T2611-0042"' in client.get(f"/mail/{mail.id}").text
    assert client.post(f"/mail/{mail.id}/ticket", data={"number": "T2611-0042"}).status_code == 303
    assert mail.text in TicketNote.get(TicketNote.ticket == ticket).text
    assert client.post(f"/mail/{mail.id}/ticket", data={"number": "T2611-0042"}).status_code == 409


def test_a_number_that_is_none_is_refused_and_kept(client: FlaskClient, who: People) -> None:
    mail = factories.inbound_mail()
    answer = client.post(f"/mail/{mail.id}/ticket", data={"number": "T0000-9999"})
    assert answer.status_code == 422
    assert "T0000-9999" in answer.text
    assert InboundMail.get().state == MailState.NEW


def test_it_is_put_aside_and_taken_back(client: FlaskClient, who: People) -> None:
    mail = factories.inbound_mail()
    assert client.post(f"/mail/{mail.id}/dismissal").status_code == 303
    assert mail.subject not in client.get("/mail").text
    assert mail.subject in client.get("/mail?state=dismissed").text
    assert client.post(f"/mail/{mail.id}/return").status_code == 303
    assert mail.subject in client.get("/mail").text


def test_what_a_mail_says_is_never_markup(client: FlaskClient, who: People) -> None:
    mail = factories.inbound_mail(text="<script>alert(1)</script><b hx-get='/logout'>x</b>", subject="<i>x</i>")
    page = client.get(f"/mail/{mail.id}").text
    assert "<script>alert" not in page
    assert "<b hx-get" not in page
    assert "<i>x</i>" not in page


@pytest.mark.usefixtures("still_clock")
def test_an_unchanged_list_is_not_sent_again(client: FlaskClient, who: People) -> None:
    tag = client.get("/mail", headers={"HX-Request": "true"}).headers["HX-PTag"]
    assert client.get("/mail", headers={"HX-Request": "true", "HX-PTag": tag}).status_code == 304


def test_a_failed_message_is_tried_anew_once(client: FlaskClient, who: People) -> None:
    sign_in(client, who.zhao)
    message = factories.failed_message()
    assert "550 no such mailbox" in client.get("/outbox?state=failed").text
    assert client.post(f"/outbox/{message.id}/retry").status_code == 303
    assert OutboxMessage.get().state is OutboxState.WAITING
    assert client.post(f"/outbox/{message.id}/retry").status_code == 409
    assert "gone@works.example" in client.get("/outbox.csv").text


@pytest.mark.parametrize("path", ["/mail?state=odd", "/mail?sort=odd", "/outbox?state=odd", "/outbox?sort=odd"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, path: str) -> None:
    sign_in(client, who.zhao)
    assert client.get(path).status_code == 422
