"""The files of an invoice: PDF, OFD, XML, scans."""

from collections.abc import Sequence
from datetime import datetime

from app.billing.invoices import EDIT, MISSING, record
from app.billing.models import Invoice, InvoiceFile
from app.core import clock, db, files
from app.core.errors import N_, Invalid
from app.core.files import Incoming
from app.core.types import Actor

MOST = 10


def add(*, by: Actor, invoice: Invoice, incoming: Sequence[Incoming], at: datetime | None = None) -> list[InvoiceFile]:
    """Keep files of ``invoice``; one that is there already is not kept twice. Raises ``Invalid`` for none."""
    by.require(EDIT)
    if not incoming:
        raise Invalid(MISSING, fields={"files": N_("Choose a file first.")})
    now = at or clock.now()
    with db.transaction():
        present = {row.file.digest for row in invoice.files}
        new = [one for one in incoming if one.digest not in present]
        rows = [InvoiceFile.create(invoice=invoice, file=files.keep(by=by, incoming=one, at=now), at=now) for one in new]
        if rows:
            record(by, "files_added", invoice, after={"files": [row.file.name for row in rows]})
    return rows
