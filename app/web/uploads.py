"""Files on their way in and out: forms that carry some, and answers that are one.

``received()`` reads what a form sent; a form that comes back shows what was good already (``kept``), so that nothing has
to be chosen twice. ``send()`` answers with a file so that a browser never takes it for a page of ours (security §1, Files).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, BinaryIO, cast

from flask import Flask, Response, current_app, request, send_file, session
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge as TooLarge

from app.core import files
from app.core.errors import N_, Invalid, NotFound, Unavailable
from app.core.file_kinds import MB
from app.core.files import ANY, LIMITS, Incoming, Kind, Kinds, StoredFile
from app.web.errors import domain_error, http_error, unexpected, words
from app.web.i18n import translated

FIELD = "files"
MOST_FILES = 20
MAX_BODY = 64 * MB
MAX_BODY_OF_STRANGERS = 12 * MB
# A browser shows an answer only after it has sent its whole request: so much of one too large is read and forgotten.
_READ_AND_FORGOTTEN = 256 * MB
# Shorter than an orphan lives: what a form kept is still on the disk when it comes.
_KEPT_FOR = timedelta(hours=20)
_TOO_MANY = N_("At most %(most)d files are taken at once. Send the others afterwards.")
_REFUSED = N_("A file was refused; see the words beside it. The others are kept.")
_KEPT_TOO_LONG = N_("This form was open too long: choose the files again.")
_GONE = N_("This file is no longer on the disk. Tell your administrator its name and the time.")

_PLAIN = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
# The viewers of browsers do not start in a sandbox; a PDF's own scripts never reach the page in them.
_PDF = "default-src 'none'; object-src 'self'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"

# What the file chooser offers. HEIC is not named, so that iPhones hand over JPEG.
ACCEPT = {
    "pictures": "image/jpeg,image/png,image/webp,image/gif",
    "media": "image/*,video/*",
    "invoice": "image/*,.pdf,.ofd,.xml",
    "tables": ".xlsx,.csv,.txt",
    "any": "image/*,video/*,.pdf,.xlsx,.docx,.xls,.doc,.csv,.txt,.eml",
}


def init_app(app: Flask) -> None:
    """Limit what a request may carry, and give templates ``upload_accept`` and ``upload_limits``."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.before_request_funcs.setdefault(None, []).insert(0, _limit_strangers)  # before the check of the token reads the form
    app.register_error_handler(TooLarge, _too_large)
    app.register_error_handler(OSError, _disk)
    limits = {kind.value: limit for kind, limit in LIMITS.items()}
    app.jinja_env.globals.update(upload_accept=ACCEPT, upload_limits=limits, upload_total=MAX_BODY)
    app.jinja_env.filters["file_size"] = file_size


def takes_files(view: Any) -> Any:
    """Declare that a public view takes as much as signed-in people may send."""
    view.takes_files = True
    return view


def _limit_strangers() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method == "POST" and "_user_id" not in session and not getattr(view, "takes_files", False):
        request.max_content_length = MAX_BODY_OF_STRANGERS


def _too_large(error: TooLarge) -> Response:
    _forget_rest(request.content_length or 0)
    return http_error(error)


def _disk(error: OSError) -> Response:
    """A disk that fills up while a form is read; every other error of the system stays what it is."""
    return domain_error(Unavailable(files.DISK_IS_FULL)) if error.errno in files.FULL else unexpected(error)


def _forget_rest(length: int) -> None:
    left = min(length, _READ_AND_FORGOTTEN)
    while left > 0 and (part := request.environ["wsgi.input"].read(min(left, MB))):
        left -= len(part)


def file_size(size: int) -> str:
    """2.4 MB, 310 kB, 12 B."""
    if size < 1_024:
        return f"{size} B"
    return f"{size // 1_024} kB" if size < MB else f"{size / MB:.1f} MB"


# --- in ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Received:
    """What a form sent: files that are good, and in the reader's words what is wrong with others."""

    files: tuple[Incoming, ...] = ()
    problems: tuple[str, ...] = ()
    field: str = FIELD
    tokens: tuple[str, ...] = ()

    @property
    def kept(self) -> list[tuple[str, str, int]]:
        """For a form that comes back: token, name and size in bytes of each good file."""
        return [(token, file.name, file.size) for token, file in zip(self.tokens, self.files, strict=True)]

    def check(self) -> tuple[Incoming, ...]:
        """The files. Raises ``Invalid`` when something is wrong with one of them: nothing is done with half of what was sent."""
        if self.problems:
            raise Invalid(_REFUSED)
        return self.files


def received(name: str = FIELD, *, kinds: Kinds = ANY, most: int = MOST_FILES) -> Received:
    """Take in the files of the form's field ``name``, and those it kept from an earlier sending (``name``-kept).

    They stand on the disk then, but no row speaks of them until an operation calls ``files.keep``.
    """
    good, problems = _kept(name)
    for sent in _sent(name):
        if len(good) >= most:
            problems.append(translated(_TOO_MANY, most=most))
            break
        try:
            good.append(files.take_in(name=sent.filename or "", stream=cast(BinaryIO, sent.stream), kinds=kinds))
        except Invalid as error:
            problems.append(words(error))
    return Received(tuple(good), tuple(problems), name, tuple(_signer().dumps(asdict(one)) for one in good))


def _sent(name: str) -> Iterator[FileStorage]:
    """The files that were chosen; a field left empty sends one without a name."""
    return (sent for sent in request.files.getlist(name) if sent.filename)


def _kept(name: str) -> tuple[list[Incoming], list[str]]:
    good: list[Incoming] = []
    for token in request.form.getlist(f"{name}-kept"):
        try:
            good.append(Incoming(**_signer().loads(token, max_age=int(_KEPT_FOR.total_seconds()))))
        except BadSignature:
            return good, [translated(_KEPT_TOO_LONG)]
    return good, []


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="kept file")


# --- out --------------------------------------------------------------------


def send(file: StoredFile, *, preview: bool = False) -> Response:
    """The answer that is ``file`` (or its small picture): shown for pictures, films and PDF, to be saved for all others.

    Whoever calls this has checked that the reader may see what the file hangs on.
    """
    small = preview and file.has_preview
    is_pdf = file.media_type == "application/pdf"
    is_shown = files.is_picture(file) or files.is_film(file) or is_pdf
    try:
        response = send_file(
            files.preview_path_of(file) if small else files.path_of(file),
            mimetype="image/jpeg" if small else file.media_type,
            as_attachment=not is_shown or "download" in request.args,
            download_name=file.name,
            etag=file.digest + ("-small" if small else ""),
        )
    except FileNotFoundError:
        raise NotFound(_GONE) from None
    response.headers["Content-Security-Policy"] = _PDF if is_pdf else _PLAIN
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


__all__ = ["ACCEPT", "FIELD", "Kind", "Received", "file_size", "init_app", "received", "send", "takes_files"]
