"""Pictures as they are kept: decoded, turned upright and written anew, so that nothing of the sender's bytes remains (security §1).

No place where a photo was taken and nothing hidden behind it survives. Pillow is loaded with the first picture only: it
costs several megabytes that a portal without pictures does not need.
"""

import struct
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.core.errors import N_, Invalid
from app.core.file_kinds import JPEG, PNG, Recognised

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 50_000_000
LONGEST_SIDE = 4_000
PREVIEW_SIDE = 480
_JPEG_QUALITY, _PREVIEW_QUALITY = 88, 80
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# Photos of these stay JPEG; drawings, screenshots and moving pictures (their first frame) become PNG.
_AS_JPEG = ("JPEG", "MPO")
_SEEN_THROUGH = ("RGBA", "LA", "PA", "La", "RGBa")

_DAMAGED = N_("%(name)s cannot be opened: the picture is damaged or was not sent completely. Send it again, or take a new one.")
_TOO_MANY_PIXELS = N_("%(name)s has more than %(limit)d million pixels. Send it in a smaller size, or a screenshot of it.")

# A large photo takes some 100 MB while it is decoded: one at a time in a process.
_decoding = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was written: what it is now, in pixels."""

    recognised: Recognised
    width: int
    height: int


def rewrite(name: str, source: Path, to: BinaryIO, preview_to: BinaryIO) -> Picture:
    """Write the picture in ``source`` anew to ``to`` and small to ``preview_to``.

    Raises ``Invalid`` for what is damaged, cut short, no picture after all, or would unpack to too many pixels; the last
    is known before anything is unpacked.
    """
    from PIL import Image, ImageOps

    _check_webp(name, source)
    unreadable = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, struct.error, zlib.error, OverflowError)
    try:
        with _decoding, Image.open(source, formats=_FORMATS) as opened:
            _check_pixels(name, opened.width, opened.height)
            is_photo = opened.format in _AS_JPEG
            if is_photo:
                _read_smaller(opened)
            opened.load()
            ImageOps.exif_transpose(opened, in_place=True)
            kept = _plain(opened, is_photo)
            kept.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            small = _on_white(_small(kept))
    except Image.DecompressionBombError:
        raise _bomb(name) from None
    except unreadable:
        raise Invalid(_DAMAGED, name=name) from None
    kept.save(to, "JPEG" if is_photo else "PNG", **({"quality": _JPEG_QUALITY} if is_photo else {}))
    small.save(preview_to, "JPEG", quality=_PREVIEW_QUALITY, optimize=True)
    return Picture(JPEG if is_photo else PNG, kept.width, kept.height)


def _bomb(name: str) -> Invalid:
    return Invalid(_TOO_MANY_PIXELS, name=name, limit=MAX_PIXELS // 1_000_000)


def _check_pixels(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _bomb(name)


def _check_webp(name: str, source: Path) -> None:
    """The decoder of WebP takes room for the whole picture as soon as it is opened: its size is read here first."""
    with source.open("rb") as file:
        head = file.read(30)
    if head[:4] != b"RIFF" or len(head) < 30:
        return
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    _check_pixels(name, width, height)


def _read_smaller(opened: "Image.Image") -> None:
    """Let the decoder skip what would be thrown away: half or a quarter of the size costs a quarter or less of the memory."""
    share = LONGEST_SIDE / max(opened.size)
    if share < 1:
        opened.draft(None, (int(opened.width * share), int(opened.height * share)))


def _plain(picture: "Image.Image", is_photo: bool) -> "Image.Image":
    """The pixels alone, in a mode that the written format knows; nothing that was said about them."""
    if is_photo:
        mode = "L" if picture.mode == "L" else "RGB"
    elif picture.mode in _SEEN_THROUGH or "transparency" in picture.info:
        mode = "RGBA"
    else:
        mode = "L" if picture.mode in ("1", "L", "I", "I;16", "F") else "RGB"
    plain = picture.convert(mode) if picture.mode != mode else picture  # no second copy of some 40 MB
    plain.info = {}
    return plain


def _small(picture: "Image.Image") -> "Image.Image":
    """The preview, made without a copy of the whole."""
    share = min(1.0, PREVIEW_SIDE / max(picture.size))
    size = tuple(max(1, round(side * share)) for side in picture.size)
    return picture.resize((size[0], size[1]), reducing_gap=3.0)


def _on_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture)
    return ground
