"""The inbox takes each mail in once, with its files, and no mail stops the others (real IMAP server)."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from peewee import Database

from app.core import db, files, imap
from app.core.errors import Conflict
from app.core.imap import RawMail
from app.tickets import inbox
from app.tickets.models import InboundMail, InboundMailFile, MailState, TicketAttachment, TicketNote
from tests import factories
from tests.mailbox_server import MailboxServer, mailbox_server
from tests.personas import Role, actor_of, make_user

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def server() -> Iterator[MailboxServer]:
    from tests.conftest import need

    program = Path("/usr/sbin/dovecot")
    need(program.exists(), "Dovecot")
    with mailbox_server(str(program)) as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    files.configure(tmp_path / "files")


def mail(subject: str = "3号站漏油", text: str = "油缸漏油,请尽快处理。", message_id: str | None = "<1@customer.example>") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "王站长 <wang@customer.example>"
    made["To"] = "service@works.example"
    made["Subject"] = subject
    if message_id:
        made["Message-ID"] = message_id
    made.set_content(text)
    return made


def taken_in(content: EmailMessage | bytes) -> InboundMail:
    raw = content if isinstance(content, bytes) else bytes(content)
    found = inbox.take_in(RawMail(b"1", raw, True), NOW)
    assert found is not None
    return found


def test_it_works(database: Database, server: MailboxServer) -> None:
    server.deliver(bytes(mail(message_id=f"<{id(database)}@customer.example>")))
    assert inbox.poll(server.url, NOW) == "1 taken in"
    found = InboundMail.get()
    assert (found.from_name, found.from_address, found.subject) == ("王站长", "wang@customer.example", "3号站漏油")
    assert found.text == "油缸漏油,请尽快处理。"
    assert server.unseen() == 0
    assert inbox.poll(server.url, NOW) == ""


def test_without_a_mailbox_nothing_is_asked(database: Database) -> None:
    assert inbox.poll(None, NOW) == ""


def test_a_server_that_is_away_is_said_in_words_and_tried_again(database: Database) -> None:
    assert inbox.poll("imap://u:p@127.0.0.1:9/INBOX", NOW) == "mailbox unavailable, 0 taken in"


def test_a_wrong_password_is_no_crash(database: Database, server: MailboxServer) -> None:
    with pytest.raises(imap.MailboxUnavailable), imap.mailbox(f"imap://service:wrong@127.0.0.1:{server.port}/INBOX"):
        pass


def test_a_mail_delivered_twice_is_taken_in_once(database: Database) -> None:
    taken_in(mail())
    assert inbox.take_in(RawMail(b"2", bytes(mail()), True), NOW) is None
    assert InboundMail.select().count() == 1


def test_two_workers_take_a_mail_in_once(database: Database) -> None:
    db.drop_connection()
    barrier, taken = threading.Barrier(2), []

    def work() -> None:
        barrier.wait()
        taken.append(inbox.take_in(RawMail(b"1", bytes(mail()), True), NOW))
        db.drop_connection()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in taken if one]) == 1


def test_a_mail_without_an_id_is_known_by_its_content(database: Database) -> None:
    taken_in(mail(message_id=None))
    assert inbox.take_in(RawMail(b"2", bytes(mail(message_id=None)), True), NOW) is None
    assert inbox.take_in(RawMail(b"3", bytes(mail(text="Other", message_id=None)), True), NOW) is not None


def test_html_becomes_words_without_what_is_not_shown(database: Database) -> None:
    made = mail(text="")
    made.clear_content()
    made.set_content(
        "<html><head><style>p{}</style></head><body><p>泵 <b>不转</b></p><script>alert(1)</script><p>急</p></body></html>", "html"
    )
    assert taken_in(made).text == "泵 不转\n\n急"


def test_files_come_along_and_a_refused_one_is_named_with_its_reason(database: Database) -> None:
    made = mail()
    made.add_attachment(PDF, maintype="application", subtype="pdf", filename="合同.pdf")
    made.add_attachment(b"<svg xmlns='http://www.w3.org/2000/svg'/>", maintype="image", subtype="svg+xml", filename="x.svg")
    taken_in(made)
    good, refused = InboundMailFile.select().order_by(InboundMailFile.id)
    assert (good.file.media_type, good.name, good.problem) == ("application/pdf", "合同.pdf", "")
    assert (refused.file, bool(refused.problem)) == (None, True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00\x01",
        b"From: =?utf-8?b?!!!?=\r\nSubject: =?x-unknown?q?=ff?=\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xe6\xb3\xb5",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"From: a@b\r\nDate: never\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!",
        b"From: " + b"a" * 5_000 + b"@b\r\nSubject: " + b"x" * 5_000 + b"\r\n\r\n" + b"y" * 50_000,
        b"From: a@b\r\nSubject: nul\x00here\r\n\r\nnul\x00there",
    ],
)
def test_a_malformed_mail_is_kept_all_the_same(database: Database, content: bytes) -> None:
    assert taken_in(content).state == MailState.NEW


def test_chinese_text_without_a_charset_is_read(database: Database) -> None:
    assert taken_in("From: a@b\r\n\r\n漏油".encode("gb18030")).text == "漏油"


def test_of_a_mail_that_is_too_large_the_headers_come_in(
    database: Database, server: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "LARGEST", 500)
    server.deliver(bytes(mail(text="x" * 1_000, message_id=f"<large-{id(database)}@customer.example>")))
    assert inbox.poll(server.url, NOW) == "1 taken in"
    found = InboundMail.get()
    assert found.subject == "3号站漏油"
    assert "MB" in found.text


@pytest.fixture
def handle(database: Database) -> Callable[[str, InboundMail], None]:
    by = actor_of(make_user(Role.CLERK))
    ticket = factories.ticket()
    acts = {
        "settle": lambda mail: inbox.settle(by=by, mail=mail, ticket=ticket),
        "add": lambda mail: inbox.add_to_ticket(by=by, mail=mail, ticket=ticket),
        "dismiss": lambda mail: inbox.dismiss(by=by, mail=mail),
    }
    return lambda name, mail: acts[name](mail)


@pytest.mark.parametrize("first", ["settle", "add", "dismiss"])
@pytest.mark.parametrize("second", ["settle", "add", "dismiss"])
def test_a_mail_is_handled_once(handle: Callable[[str, InboundMail], None], first: str, second: str) -> None:
    found = taken_in(mail())
    handle(first, found)
    with pytest.raises(Conflict, match="has handled"):
        handle(second, found)


def test_added_to_a_ticket_its_words_are_a_note_and_its_files_hang_there(handle: Callable[[str, InboundMail], None]) -> None:
    made = mail()
    made.add_attachment(PDF, maintype="application", subtype="pdf", filename="合同.pdf")
    handle("add", taken_in(made))
    assert "油缸漏油" in TicketNote.get().text
    assert TicketAttachment.get().file.media_type == "application/pdf"


def test_what_was_put_aside_can_be_taken_back(database: Database) -> None:
    by, found = actor_of(make_user(Role.CLERK)), taken_in(mail())
    inbox.dismiss(by=by, mail=found)
    inbox.take_back(by=by, mail=found)
    assert InboundMail.get().state == MailState.NEW
    with pytest.raises(Conflict):
        inbox.take_back(by=by, mail=found)
