"""Rows of parts and money with valid defaults for tests."""

import itertools
from decimal import Decimal
from typing import Any

from app.billing import accounts
from app.billing.models import Payment
from app.core import clock, db
from app.parts.models import Part
from tests import factories

_count = itertools.count(1)


def part(**values: Any) -> Part:
    """A part of the catalogue."""
    number = next(_count)
    with db.transaction():
        return Part.create(**{"number": f"P{number:05d}", "name": f"Part {number}", "created_at": clock.now()} | values)


def payment(**values: Any) -> Payment:
    """A confirmed bank transfer of a customer (a new one unless given); it stands on the customer's account."""
    number, now = next(_count), clock.now()
    owner = values.pop("customer", None) or factories.customer()
    defaults = {
        "number": f"S9901-{number:04d}", "customer": owner, "way": "transfer", "amount": Decimal(100), "received_on": now.date(),
        "recorded_at": now, "by_name": "陈文员", "confirmed_at": now, "confirmed_by_name": "陈文员",
    }  # fmt: skip
    with db.transaction():
        row = Payment.create(**defaults | values)
        accounts.paid_in(row)
    return row
