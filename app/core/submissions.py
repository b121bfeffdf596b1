"""Forms that were sent twice: the token made with the form says which record the first sending made."""

from datetime import datetime, timedelta

from peewee import CharField

from app.core import clock, db
from app.core.db import BaseModel, InstantField
from app.core.prepared import PreparedWrite

KEPT = timedelta(days=30)


class FormSubmission(BaseModel):
    """A form that was taken in, and which record it made."""

    token = CharField(64, primary_key=True)
    result = CharField(80, default="")
    at = InstantField()


def claim(token: str) -> bool:
    """Take in the form of ``token`` in the running transaction; False when an earlier sending has done so (it waits for one under way)."""
    return bool(_claim.count(token, clock.to_ms(clock.now())))


def settle(token: str, result: object) -> None:
    """Note which record the form made."""
    _settle.count(str(result), token)


_claim = PreparedWrite(lambda token, at: FormSubmission.insert(token=token, at=at).on_conflict_ignore().as_rowcount())
_settle = PreparedWrite(lambda result, token: FormSubmission.update(result=result).where(FormSubmission.token == token))


def result_of(token: str) -> str:
    """The record that the first sending made."""
    return FormSubmission.get_by_id(token).result


def record_of(token: str) -> str | None:
    """The record that the form of ``token`` made; None while it has not been taken in."""
    row = FormSubmission.get_or_none(FormSubmission.token == token)
    return row.result if row is not None else None


def purge(at: datetime) -> int:
    """Forget forms sent more than ``KEPT`` ago; returns how many."""
    with db.transaction():
        return FormSubmission.delete().where(FormSubmission.at < at - KEPT).execute()
