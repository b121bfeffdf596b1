"""What a file is, told by its bytes alone: never by its name or by what its sender says of it (security §1, Files)."""

import mmap
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from app.core.errors import N_, Invalid

MB = 1024 * 1024
HEAD = 4096
_LARGEST_PART = MB  # of an Office file's list of contents, unpacked
_MOST_PARTS = 20_000


class Kind(StrEnum):
    """What people hand in, as far as it is handled alike."""

    PICTURE = "picture"
    FILM = "film"
    DOCUMENT = "document"
    TABLE = "table"  # a workbook or CSV, which imports read


Kinds = frozenset[Kind]
PICTURES: Kinds = frozenset({Kind.PICTURE})
MEDIA: Kinds = frozenset({Kind.PICTURE, Kind.FILM})
TABLES: Kinds = frozenset({Kind.TABLE})
ANY: Kinds = frozenset(Kind)

# Bytes of one file.
LIMITS = {Kind.PICTURE: 10 * MB, Kind.FILM: 50 * MB, Kind.DOCUMENT: 30 * MB, Kind.TABLE: 30 * MB}


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is; ``suffixes`` are the endings its name may have, the first is the usual one."""

    kind: Kind
    media_type: str
    suffixes: tuple[str, ...]


JPEG = Recognised(Kind.PICTURE, "image/jpeg", (".jpg", ".jpeg"))
PNG = Recognised(Kind.PICTURE, "image/png", (".png",))
WEBP = Recognised(Kind.PICTURE, "image/webp", (".webp",))
GIF = Recognised(Kind.PICTURE, "image/gif", (".gif",))
MP4 = Recognised(Kind.FILM, "video/mp4", (".mp4", ".m4v"))
QUICKTIME = Recognised(Kind.FILM, "video/quicktime", (".mov", ".qt"))
THREE_GP = Recognised(Kind.FILM, "video/3gpp", (".3gp", ".3gpp", ".3g2"))
WEBM = Recognised(Kind.FILM, "video/webm", (".webm",))
PDF = Recognised(Kind.DOCUMENT, "application/pdf", (".pdf",))
_OFFICE = "application/vnd.openxmlformats-officedocument."
XLSX = Recognised(Kind.TABLE, f"{_OFFICE}spreadsheetml.sheet", (".xlsx",))
DOCX = Recognised(Kind.DOCUMENT, f"{_OFFICE}wordprocessingml.document", (".docx",))
XLS = Recognised(Kind.DOCUMENT, "application/vnd.ms-excel", (".xls",))
DOC = Recognised(Kind.DOCUMENT, "application/msword", (".doc",))
OFD = Recognised(Kind.DOCUMENT, "application/ofd", (".ofd",))
XML = Recognised(Kind.DOCUMENT, "application/xml", (".xml",))
EML = Recognised(Kind.DOCUMENT, "message/rfc822", (".eml",))
CSV = Recognised(Kind.TABLE, "text/csv", (".csv",))
TEXT = Recognised(Kind.TABLE, "text/plain", (".txt", ".log", ".tsv"))

NOT_KNOWN = N_("%(name)s is of a kind that is not taken here. Photos (JPEG, PNG), films (MP4), PDF, Excel, Word and text files are.")
_EMPTY = N_("%(name)s is empty. Choose the file again; perhaps it had not been downloaded yet.")
_PROGRAM = N_("%(name)s is a program or script. Such files are not taken here.")
_ARCHIVE = N_("%(name)s is an archive. Unpack it and send the files that are in it.")
_PAGE = N_("%(name)s is a web page or drawing that can carry programs. Send a picture or a PDF of it.")
_MACROS = N_("%(name)s holds macros. Save it without them (as .xlsx or .docx) or send it as PDF.")
_HEIC = N_("%(name)s is a HEIC photo. Send it as JPEG (iPhone: Settings, Camera, Formats, Most compatible), or send a screenshot of it.")

_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!", b"dex\n")
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x05\x06", b"PK\x07\x08")
_PHOTO_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|object|embed|\?xml|\?php|%)", re.IGNORECASE)
# The XML of an electronic invoice and nothing else: no document type, no style sheet, nothing before its root.
_INVOICE_XML = re.compile(rb"(?:<\?xml [^<>]*\?>)?\s*<EInvoice[\s>]")
_MAIL_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:[ \t]")
_MAIL_HEADS = (b"\nfrom:", b"\nsubject:", b"\ndate:", b"\nmessage-id:", b"\nmime-version:")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


def recognise(name: str, file: BinaryIO) -> Recognised:
    """What the seekable ``file`` is; ``name`` is for the words of a refusal and tells CSV from other text.

    Raises ``Invalid`` for everything that is not taken: what is empty, unknown, can run, or hides other files.
    """
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise Invalid(_EMPTY, name=name)
    if head.startswith(_PROGRAMS):
        raise Invalid(_PROGRAM, name=name)
    if head.startswith(_ARCHIVES):
        raise Invalid(_ARCHIVE, name=name)
    return _picture(head) or _film(name, head) or _document(name, head, file) or _text(name, head, file)


def check_size(recognised: Recognised, size: int, name: str) -> None:
    """Raise ``Invalid`` when ``size`` bytes are more than a file of this kind may have."""
    limit = LIMITS[recognised.kind]
    if size > limit:
        words = _TOO_LARGE[recognised.kind]
        raise Invalid(words, name=name, size=-(-size // MB), limit=limit // MB)


_TOO_LARGE = {
    Kind.PICTURE: N_("%(name)s has %(size)d MB; a photo may have %(limit)d MB. Send it in a smaller size, or a screenshot of it."),
    Kind.FILM: N_("%(name)s has %(size)d MB; a film may have %(limit)d MB. Send a shorter one: half a minute is usually enough."),
    Kind.DOCUMENT: N_("%(name)s has %(size)d MB; a document may have %(limit)d MB. Scan it with fewer dots per inch, or in parts."),
    Kind.TABLE: N_("%(name)s has %(size)d MB; a table may have %(limit)d MB. Divide it and send the parts."),
}


def _picture(head: bytes) -> Recognised | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    return WEBP if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def _film(name: str, head: bytes) -> Recognised | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _PHOTO_BRANDS:
            raise Invalid(_HEIC, name=name)
        if brand == b"qt  ":
            return QUICKTIME
        return THREE_GP if brand.startswith((b"3gp", b"3g2")) else MP4
    if head[4:8] in (b"moov", b"wide", b"mdat"):
        return QUICKTIME
    return WEBM if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64] else None


def _document(name: str, head: bytes, file: BinaryIO) -> Recognised | None:
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _office(name, file)
    return _old_office(name, file) if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") else None


def _office(name: str, file: BinaryIO) -> Recognised:
    """A ZIP is taken only as a workbook or a text of Office without macros, or as a printed page of the tax platform (OFD)."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = {part.filename.lower() for part in archive.infolist()[:_MOST_PARTS]}
            if "ofd.xml" in parts:
                return OFD
            with archive.open("[Content_Types].xml") as listing:
                types = listing.read(_LARGEST_PART).lower()
    except (KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Invalid(_ARCHIVE, name=name) from None
    if b"macroenabled" in types or any(part.endswith((".bin", ".exe", ".dll")) and "vba" in part for part in parts):
        raise Invalid(_MACROS, name=name)
    for part, recognised in (("xl/workbook.xml", XLSX), ("word/document.xml", DOCX)):
        if part in parts:
            return recognised
    raise Invalid(_ARCHIVE if "ppt/presentation.xml" not in parts else NOT_KNOWN, name=name)


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def _old_office(name: str, file: BinaryIO) -> Recognised:
    """The old binary format: what it holds stands as names in its directory."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_wide("_VBA_PROJECT")) >= 0:
            raise Invalid(_MACROS, name=name)
        for stream, recognised in (("WordDocument", DOC), ("Workbook", XLS), ("Book", XLS)):
            if content.find(_wide(stream + "\0")) >= 0:
                return recognised
    raise Invalid(NOT_KNOWN, name=name)


def _text(name: str, head: bytes, file: BinaryIO) -> Recognised:
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if plain.startswith(_PROGRAMS):
        raise Invalid(_PROGRAM, name=name)
    if _MAIL_LINE.match(plain) and any(line in b"\n" + plain.lower() for line in _MAIL_HEADS):
        return EML if _is_text(file) else _refused(name)
    if _INVOICE_XML.match(plain):
        return XML if _is_text(file) else _refused(name)
    if _MARKUP.search(head.replace(b"\0", b"")):
        raise Invalid(_PAGE, name=name)
    if not _is_text(file):
        raise Invalid(NOT_KNOWN, name=name)
    return CSV if name.lower().endswith(".csv") else TEXT


def _refused(name: str) -> Recognised:
    raise Invalid(NOT_KNOWN, name=name)


def _is_text(file: BinaryIO) -> bool:
    """Whether the whole file is text in an encoding that people here use."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith(_WIDE_MARKS):
        return _is_wide_text(head)
    return not any(_BINARY.search(part) for part in _parts(file))


def _is_wide_text(head: bytes) -> bool:
    try:
        text = head[: len(head) // 2 * 2].decode("utf-16")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 4  # cut in the middle of a character
    return not _BINARY.search(text.encode())


def _parts(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(MB):
        yield part
