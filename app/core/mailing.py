"""E-mails on their way out: the worker takes what waits in the outbox to the mail server of ``SMTP_URL``."""

import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from app.core import clock, outbox
from app.core.outbox import Channel, OutboxMessage, OutboxState, Undeliverable, Undelivered

TIMEOUT_S = 10
# One round ends after so long, because the worker has other things to do too.
ROUND_S = 20
ROUND_MESSAGES = 50


def send_due(url: str | None, sender: str, at: datetime) -> str:
    """Send what is due at ``at`` and say in a few words what came of it, nothing when there was nothing to do.

    Without a server (``url`` is None) everything waits.
    """
    waiting = outbox.due(Channel.EMAIL, at, ROUND_MESSAGES) if url else []
    if url is None or not waiting:
        return ""
    counts = dict.fromkeys(OutboxState, 0)
    with _Server(url).connection() as server:
        until = time.monotonic() + ROUND_S
        for message in waiting:
            if time.monotonic() > until:
                break
            state = outbox.attempt(message, lambda one: server.send(sender, one), at)
            if state is not None:
                counts[state] += 1
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def composed(sender: str, message: OutboxMessage) -> EmailMessage:
    """The mail of ``message``; its Message-ID is the same at every try, so that servers can tell a second copy.

    Raises ``Undeliverable`` for an address that is none.
    """
    mail = EmailMessage(policy=POLICY)
    try:
        mail["From"] = Address(addr_spec=sender)
        mail["To"] = Address(addr_spec=message.recipient)
    except (ValueError, IndexError, MessageError) as error:
        raise Undeliverable(f"{message.recipient!r} is not an e-mail address") from error
    mail["Subject"] = " ".join(message.subject.split())  # a line break would begin another header
    mail["Date"] = format_datetime(message.created_at.astimezone(clock.zone()))
    mail["Message-ID"] = f"<outbox-{message.id}.{clock.to_ms(message.created_at)}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return mail


class _Server:
    """The mail server; connects with the first message and again after it hung up."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._open: smtplib.SMTP | None = None

    @contextmanager
    def connection(self) -> Iterator["_Server"]:
        """Hang up at the end."""
        try:
            yield self
        finally:
            self._hang_up()

    def send(self, sender: str, message: OutboxMessage) -> None:
        """Hand over one message. Raises ``Undeliverable``, ``Undelivered``."""
        mail = composed(sender, message)
        try:
            self._connected().send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _refusal(code, words) from error
        except smtplib.SMTPResponseException as error:
            if not isinstance(error, smtplib.SMTPDataError):
                self._hang_up()
                raise Undelivered(_said(error.smtp_code, error.smtp_error)) from error  # of the server, not of this message
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise Undelivered(f"{type(error).__name__}: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        if self._open is None:
            host, tls = self._parts.hostname or "", ssl.create_default_context()
            if self._parts.scheme == "smtps":
                self._open = smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=TIMEOUT_S, context=tls)
            else:
                self._open = smtplib.SMTP(host, self._parts.port or 25, timeout=TIMEOUT_S)
            self._secure_and_sign_in(self._open, tls)
        return self._open

    def _secure_and_sign_in(self, server: smtplib.SMTP, tls: ssl.SSLContext) -> None:
        server.ehlo()
        if self._parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=tls)
            server.ehlo()
        if self._parts.username:
            if self._parts.scheme == "smtp" and not isinstance(server.sock, ssl.SSLSocket) and not _is_here(self._parts.hostname):
                raise smtplib.SMTPException("the server offers no encryption; the password was not sent")
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))

    def _hang_up(self) -> None:
        server, self._open = self._open, None
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()


def _is_here(host: str | None) -> bool:
    return host in ("127.0.0.1", "::1", "localhost")


def _refusal(code: int, words: bytes | str) -> Exception:
    kind = Undeliverable if code >= 500 else Undelivered
    return kind(_said(code, words))


def _said(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode('utf8', 'replace') if isinstance(words, bytes) else words}"
