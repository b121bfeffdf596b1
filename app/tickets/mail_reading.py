"""What a mail says: sender, subject, words, files; whatever comes in is read, however malformed. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import sha256
from html.parser import HTMLParser

MAX_TEXT = 20_000
MAX_FILES = 20
_TICKET_NUMBER = re.compile(r"\bT\d{4}-\d{4,7}\b")
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
_NOT_SHOWN = ("script", "style", "head", "title", "template")
_NEW_LINE = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "blockquote")


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came with a mail."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail as the centre keeps it; ``sent_at`` is what the sender's clock said, None when it said nothing usable."""

    message_id: str
    from_name: str
    from_address: str
    subject: str
    text: str
    sent_at: datetime | None
    files: tuple[MailFile, ...]


def read(content: bytes) -> ReadMail:
    """The mail of ``content``. Without a Message-ID the digest of its bytes stands for it."""
    mail: EmailMessage = message_from_bytes(content, policy=policy.default)
    name, address = parseaddr(_header(mail, "From"))
    return ReadMail(
        message_id=(_header(mail, "Message-ID") or f"sha256:{sha256(content).hexdigest()}")[:250],
        from_name=name[:120],
        from_address=address[:120],
        subject=_header(mail, "Subject")[:250],
        text=_text(mail)[:MAX_TEXT],
        sent_at=_sent_at(mail),
        files=tuple(_files(mail)),
    )


def ticket_numbers(subject: str) -> list[str]:
    """The ticket numbers that a subject names, as our own mails carry them."""
    return list(dict.fromkeys(_TICKET_NUMBER.findall(subject)))


def _header(mail: EmailMessage, name: str) -> str:
    try:
        value = mail.get(name, "")
    except Exception:  # a header can be broken in more ways than the parser knows
        value = ""
    return " ".join(str(value).replace("\0", "").split())


def _sent_at(mail: EmailMessage) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(_header(mail, "Date"))
    except (ValueError, TypeError, OverflowError):
        return None
    return sent_at.replace(tzinfo=sent_at.tzinfo or UTC).astimezone(UTC)


def _text(mail: EmailMessage) -> str:
    try:
        part = mail.get_body(preferencelist=("plain", "html"))
    except Exception:  # a body of a structure that is none
        part = None
    if part is None:
        return ""
    text = _decoded(part)
    if part.get_content_type() == "text/html":
        text = _words_of_html(text)
    return _BLANK_LINES.sub("\n\n", text.replace("\r\n", "\n").replace("\0", "")).strip()


def _decoded(part: MIMEPart) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return str(part.get_payload())
    for charset in (part.get_content_charset(), "utf-8", "gb18030"):
        try:
            return content.decode(charset or "utf-8")
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("utf-8", "replace")


def _files(mail: EmailMessage) -> Iterator[MailFile]:
    count = 0
    for part in mail.walk():
        if part.is_multipart() or not _is_file(part):
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content and count < MAX_FILES:
            count += 1
            yield MailFile(_file_name(part), content)


def _is_file(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_content_maintype() not in ("text", "multipart", "message")


def _file_name(part: EmailMessage) -> str:
    try:
        return part.get_filename() or part.get_content_type().replace("/", ".")
    except Exception:  # a name encoded in a way that is none
        return part.get_content_type().replace("/", ".")


class _Words(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _NOT_SHOWN
        if tag in _NEW_LINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _NOT_SHOWN))
        if tag in _NEW_LINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(" ".join(data.split()) + (" " if data[-1:].isspace() else ""))


def _words_of_html(text: str) -> str:
    words = _Words()
    words.feed(text)
    words.close()
    return "".join(words.pieces)
