"""The centre's mailbox at a mail server (``MAIL_INBOX_URL``): new mails are read, marked as seen, never deleted."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 15
# Of a larger mail only its headers are read.
LARGEST = 40 * 1024 * 1024
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxUnavailable(Exception):
    """The server does not answer or refuses; the words say why."""


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as the server has it; ``is_whole`` is false when only its headers were read."""

    uid: bytes
    content: bytes
    is_whole: bool


@contextmanager
def mailbox(url: str) -> Iterator["Mailbox"]:
    """Sign in to the mailbox of ``url`` (``imaps://user:password@host/INBOX``). Raises ``MailboxUnavailable``."""
    try:
        server = _signed_in(url)
        try:
            yield Mailbox(server)
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                server.logout()
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxUnavailable(f"{type(error).__name__}: {error}") from error


def _signed_in(url: str) -> imaplib.IMAP4:
    parts = urlsplit(url)
    host, tls = parts.hostname or "", ssl.create_default_context()
    if parts.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=tls, timeout=TIMEOUT_S)
    else:
        server = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT_S)
    server.login(unquote(parts.username or ""), unquote(parts.password or ""))
    folder = unquote(parts.path.strip("/")) or "INBOX"
    state, answer = server.select(f'"{folder}"')
    if state != "OK":
        raise imaplib.IMAP4.error(f"folder {folder}: {answer!r}")
    return server


class Mailbox:
    """A mailbox that is open for reading and marking."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self._server = server

    def unseen(self, limit: int) -> Iterator[RawMail]:
        """The oldest mails not marked as seen, at most ``limit``; reading them marks nothing."""
        _state, found = self._server.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split()[:limit]:
            is_whole = self._size_of(uid) <= LARGEST
            part = "BODY.PEEK[]" if is_whole else "BODY.PEEK[HEADER]"
            content = next((piece[1] for piece in self._fetch(uid, part) if isinstance(piece, tuple)), None)
            if content is not None:  # another reader may have moved it meanwhile
                yield RawMail(uid, content, is_whole)

    def mark_seen(self, mail: RawMail) -> None:
        """Leave the mail out from now on."""
        self._server.uid("STORE", mail.uid.decode(), "+FLAGS", r"(\Seen)")

    def _size_of(self, uid: bytes) -> int:
        answer = b" ".join(piece for piece in self._fetch(uid, "RFC822.SIZE") if isinstance(piece, bytes))
        size = _SIZE.search(answer)
        return int(size.group(1)) if size else LARGEST + 1

    def _fetch(self, uid: bytes, part: str) -> list[bytes | tuple[bytes, bytes]]:
        _state, answer = self._server.uid("FETCH", uid.decode(), f"({part})")
        return [piece for piece in answer if piece is not None]
