"""One tree of errors that a person can read.

A ``DomainError`` carries an English message id and its parameters; it is
translated where it leaves the program (``app.web.errors``, ``app.cli``).
"""

from typing import Any


def N_(message: str) -> str:
    """Mark ``message`` for translation without translating it here."""
    return message


class DomainError(Exception):
    """A refusal with words. ``status`` is the HTTP status it becomes."""

    status = 400

    def __init__(self, message: str, /, **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.message = message
        self.params = params


class Invalid(DomainError):
    """What was given cannot be used; ``fields`` names the words beside each form field."""

    status = 422

    def __init__(self, message: str, /, fields: dict[str, str] | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.fields = fields or {}


class NotAllowed(DomainError):
    """The person may not do this; the message says who can."""

    status = 403


class NotFound(DomainError):
    """There is no such record, or none that this person may see."""

    status = 404


class Conflict(DomainError):
    """The record is no longer in the state the request was made for."""

    status = 409


class TooManyAttempts(DomainError):
    """Asked again too soon. ``retry_after_s`` says when it makes sense to try again."""

    status = 429

    def __init__(self, message: str, /, retry_after_s: int, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after_s = retry_after_s


class Unavailable(DomainError):
    """The database does not answer or is locked; nothing was changed."""

    status = 503


class InvalidFile(Invalid):
    """A file that was refused whole; ``lines`` gives every line's reason (line number, message, parameters)."""

    def __init__(self, message: str, /, lines: list[tuple[int, str, dict[str, Any]]], **params: Any) -> None:
        super().__init__(message, **params)
        self.lines = lines
