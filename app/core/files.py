"""Files that people hand in: photos, films, scans, documents (security §1, Files).

The bytes stand below ``DATA_DIR/files``, named at random; a row says what they are. Nothing here has an address of its
own: a file is sent by the screen of the record it hangs on, to those who may see that record.

Bytes come first, the row afterwards: a process that dies between the two leaves a file without a row, which
``remove_orphans`` takes away after a day, and never a row without its file.
"""

import errno
import hashlib
import os
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from peewee import BooleanField, CharField, Check, FixedCharField, IntegerField

from app.core import clock, db, pictures
from app.core.db import BaseModel, InstantField
from app.core.errors import N_, Invalid, Unavailable
from app.core.file_kinds import ANY, LIMITS, MB, MEDIA, PICTURES, TABLES, Kind, Kinds, Recognised, check_size, recognise
from app.core.types import Actor

__all__ = [
    "ANY",
    "DISK_IS_FULL",
    "FULL",
    "LIMITS",
    "MEDIA",
    "PICTURES",
    "TABLES",
    "Incoming",
    "Kind",
    "Kinds",
    "StoredFile",
    "configure",
    "is_film",
    "is_picture",
    "is_unchanged",
    "keep",
    "path_of",
    "preview_path_of",
    "remove_orphans",
    "shown_name",
    "store",
    "take_in",
]

PREVIEW_SUFFIX = ".preview"
ORPHANED_AFTER = timedelta(days=1)
MAX_NAME = 120
_LARGEST = max(LIMITS.values())
_CHUNK = 256 * 1024
_BATCH = 500
FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_TAKEN = {
    PICTURES: N_("%(name)s is no photo. Only photos (JPEG, PNG) are taken here."),
    MEDIA: N_("%(name)s is neither a photo nor a film. Only photos (JPEG, PNG) and films (MP4) are taken here."),
    TABLES: N_("%(name)s is no table. Only Excel workbooks (.xlsx) and CSV files are taken here."),
}
_NOT_TAKEN_HERE = N_("%(name)s is of a kind that is not taken here.")
_TOO_LARGE = N_("%(name)s is larger than %(limit)d MB, the most that is taken of any kind.")
DISK_IS_FULL = N_("The centre's disk is full, so the file was not stored. Tell your administrator; nothing else was changed.")
_NAMELESS = "file"


class StoredFile(BaseModel):
    """One file as it is kept; ``digest`` is the SHA-256 of its bytes, ``size`` is in bytes, ``width`` and ``height`` in pixels."""

    id = CharField(32, primary_key=True)
    digest = FixedCharField(64, index=True)
    name = CharField(200)
    media_type = CharField(80)
    size = IntegerField(constraints=[Check("size > 0", name="file_is_not_empty")])
    width = IntegerField(null=True)
    height = IntegerField(null=True)
    has_preview = BooleanField(default=False)
    created_at = InstantField(index=True)
    created_by_id = IntegerField(null=True)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file whose bytes were checked and stand on the disk, but of which no row speaks yet."""

    id: str
    digest: str
    name: str
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None


_folder: Path | None = None


def configure(folder: Path) -> None:
    """Set where this process keeps files (``DATA_DIR/files``); the folder is made with the first file."""
    global _folder
    _folder = folder


def _root() -> Path:
    assert _folder is not None, "files.configure was not called"
    return _folder


def store(*, by: Actor, name: str, stream: BinaryIO, kinds: Kinds = ANY, at: datetime | None = None) -> StoredFile:
    """Keep what ``stream`` holds, as one of ``kinds``; takes part in the caller's transaction.

    Raises ``Invalid`` with what is wrong and what to do, ``Unavailable`` when the disk is full.
    Large files are better taken in before the transaction: ``take_in``, then ``keep`` inside it.
    """
    return keep(by=by, incoming=take_in(name=name, stream=stream, kinds=kinds), at=at)


def keep(*, by: Actor, incoming: Incoming, at: datetime | None = None) -> StoredFile:
    """Write the row of a file that was taken in; takes part in the caller's transaction."""
    with db.transaction():
        return StoredFile.create(
            id=incoming.id,
            digest=incoming.digest,
            name=incoming.name,
            media_type=incoming.media_type,
            size=incoming.size,
            width=incoming.width,
            height=incoming.height,
            has_preview=incoming.width is not None,
            created_at=at or clock.now(),
            created_by_id=by.user_id,
        )


def take_in(*, name: str, stream: BinaryIO, kinds: Kinds = ANY) -> Incoming:
    """Check what ``stream`` holds and put it on the disk, for good but without a row. Needs no transaction. Raises as ``store``."""
    shown = shown_name(name)
    with _room_on_disk(), ExitStack() as undone:
        raw = _scratch(undone)
        size = _copy(stream, raw, shown)
        with raw.open("rb") as file:
            recognised = recognise(shown, file)
        if recognised.kind not in kinds:
            raise Invalid(_NOT_TAKEN.get(kinds, _NOT_TAKEN_HERE), name=shown)
        check_size(recognised, size, shown)
        if recognised.kind == Kind.PICTURE:
            return _take_in_picture(undone, raw, shown)
        file_id = secrets.token_hex(16)
        incoming = Incoming(file_id, _digest(raw), _named(shown, recognised), recognised.media_type, size)
        _put(raw, _place(file_id))
        return incoming


def _take_in_picture(undone: ExitStack, raw: Path, shown: str) -> Incoming:
    file_id, kept, preview = secrets.token_hex(16), _scratch(undone), _scratch(undone)
    with kept.open("wb") as file, preview.open("wb") as small:
        picture = pictures.rewrite(shown, raw, file, small)
        for written in (file, small):
            written.flush()
            os.fsync(written.fileno())
    size, digest, name = kept.stat().st_size, _digest(kept), _named(shown, picture.recognised)
    _put(preview, _place(file_id, PREVIEW_SUFFIX))
    _put(kept, _place(file_id))
    return Incoming(file_id, digest, name, picture.recognised.media_type, size, picture.width, picture.height)


@contextmanager
def _room_on_disk() -> Iterator[None]:
    """Say in words that the disk is full; whatever was written so far is taken away by those who wrote it."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise Unavailable(DISK_IS_FULL) from error


def _scratch(undone: ExitStack) -> Path:
    """A new place below the root, on the same file system, that is empty again after ``undone``."""
    folder = _root() / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / secrets.token_hex(16)
    undone.callback(path.unlink, missing_ok=True)
    return path


def _copy(stream: BinaryIO, to: Path, name: str) -> int:
    """Copy chunk by chunk until the largest size that any kind may have; returns the size in bytes."""
    size = 0
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > _LARGEST:
                _refuse_size(stream, to, size, name)
            _write(descriptor, chunk)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size


def _write(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _refuse_size(stream: BinaryIO, copied: Path, size: int, name: str) -> None:
    """Say what it is that is too large, counting the rest without keeping it."""
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
    with copied.open("rb") as file:
        recognised = recognise(name, file)
    check_size(recognised, size, name)
    raise Invalid(_TOO_LARGE, name=name, limit=_LARGEST // MB)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(file_id: str, suffix: str = "") -> Path:
    return _root() / file_id[:2] / f"{file_id}{suffix}"


def _put(scratch: Path, place: Path) -> None:
    """Give finished bytes their name, so that it is there after a crash too."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch.rename(place)
    descriptor = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def path_of(file: StoredFile | Incoming) -> Path:
    """Where the bytes of ``file`` stand."""
    return _place(file.id)


def preview_path_of(file: StoredFile) -> Path:
    """Where the small JPEG of a picture stands (``has_preview``)."""
    return _place(file.id, PREVIEW_SUFFIX)


def is_unchanged(file: StoredFile) -> bool:
    """Whether the bytes on the disk are those that were handed in."""
    try:
        return _digest(path_of(file)) == file.digest
    except FileNotFoundError:
        return False


def is_picture(file: StoredFile) -> bool:
    """Whether ``file`` is shown as a picture."""
    return file.media_type.startswith("image/")


def is_film(file: StoredFile) -> bool:
    """Whether ``file`` is shown as a film."""
    return file.media_type.startswith("video/")


def shown_name(name: str) -> str:
    """``name`` as it may stand on a screen: no folders, nothing invisible, nothing that turns the direction of writing."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    cleaned = " ".join(visible.split()).strip(" .") or _NAMELESS
    return cleaned if len(cleaned) <= MAX_NAME else cleaned[: MAX_NAME - 16] + "…" + cleaned[-15:]


def _named(name: str, recognised: Recognised) -> str:
    """``name`` with an ending that says what the file is."""
    return name if name.lower().endswith(recognised.suffixes) else name + recognised.suffixes[0]


def remove_orphans(at: datetime) -> int:
    """Take away files, older than a day, that no row speaks of; returns how many. Also half-written ones."""
    before = (at - ORPHANED_AFTER).timestamp()
    old = [path for path in _root().glob("*/*") if _changed_at(path) < before]
    removed = 0
    for start in range(0, len(old), _BATCH):
        batch = old[start : start + _BATCH]
        ids = {path.name.removesuffix(PREVIEW_SUFFIX) for path in batch}
        known = {row.id for row in StoredFile.select(StoredFile.id).where(StoredFile.id.in_(sorted(ids)))}
        for path in batch:
            if path.name.removesuffix(PREVIEW_SUFFIX) not in known:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _changed_at(path: Path) -> float:
    """When ``path`` was last written, in seconds since 1970; the far future for one that is gone by now."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
