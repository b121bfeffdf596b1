"""Files for tests, made as cameras, phones and Office make them, and as those do who mean harm."""

import io
import struct
import zipfile
import zlib

from PIL import Image, TiffImagePlugin

GPS = 0x8825


def jpeg(width: int = 64, height: int = 48, *, place: bool = False, orientation: int = 1, colour: str = "red") -> bytes:
    """A photo; with ``place`` it says where and with which phone it was taken."""
    picture = Image.new("RGB", (width, height), colour)
    picture.putpixel((0, 0), (0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    if place:
        exif[0x010F] = "Camera of somebody"
        latitude = tuple(TiffImagePlugin.IFDRational(value) for value in (31, 14, 15))
        exif.get_ifd(GPS).update({1: "N", 2: latitude, 3: "E", 4: latitude})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=b"secret words" if place else b"")
    return out.getvalue()


def png(width: int = 64, height: int = 48, mode: str = "RGB") -> bytes:
    """A screenshot."""
    out = io.BytesIO()
    Image.new(mode, (width, height), 1).save(out, "PNG")
    return out.getvalue()


def other(kind: str, width: int = 64, height: int = 48) -> bytes:
    """A picture in another format that Pillow writes: WEBP, GIF, BMP."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(out, kind)
    return out.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """A PNG of a few hundred kilobytes that unpacks to hundreds of megabytes."""
    squeezer = zlib.compressobj(9)
    row = b"\0" * (1 + width)
    body = b"".join(squeezer.compress(row) for _ in range(height)) + squeezer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def film(brand: bytes = b"isom", size: int = 2_000) -> bytes:
    """The beginning of a film, filled up with nothing."""
    head = struct.pack(">I", 16) + b"ftyp" + brand + b"\0\0\2\0"
    return head + b"\0" * (size - len(head))


def pdf(words: bytes = b"") -> bytes:
    """A PDF, as far as its first and last bytes go."""
    return b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n" + words + b"\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"


def office(part: str = "xl/workbook.xml", *, types: str = "<Types/>", more: tuple[str, ...] = ()) -> bytes:
    """A workbook or text of Office: its ZIP with the parts by which it is known."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        for name in (part, *more):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def old_office(stream: str = "Workbook", *, has_macros: bool = False) -> bytes:
    """The old binary format, as far as its directory goes."""
    names = [stream, *(["_VBA_PROJECT"] if has_macros else [])]
    directory = b"".join((name + "\0").encode("utf-16-le").ljust(128, b"\0") for name in names)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + directory


def mail() -> bytes:
    """A mail as it is saved from a mail program."""
    return b"Received: by somewhere\r\nFrom: a@example.com\r\nSubject: broken\r\n\r\n<html><body>words</body></html>\r\n"
