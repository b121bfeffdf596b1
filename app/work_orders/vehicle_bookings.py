"""What vehicles are booked for, by day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from peewee import JOIN

from app.accounts.models import User
from app.core import clock
from app.customers.models import Customer
from app.work_orders.models import Visit, WorkOrder

DAYS = 7


class Booking(NamedTuple):
    """A visit that takes the vehicle."""

    vehicle_id: int
    starts_at: datetime
    ends_at: datetime
    lead: str
    number: str
    customer: str | None
    is_over: bool


def days_from(first: date) -> list[date]:
    """The days that are shown from ``first`` on."""
    return [first + timedelta(days=number) for number in range(DAYS)]


def booked(days: Sequence[date]) -> dict[tuple[int, date], list[Booking]]:
    """The bookings of each vehicle on each of ``days``, by time; a visit of several days stands on each of them."""
    starts_at, ends_at = clock.start_of(days[0]), clock.start_of(days[-1] + timedelta(days=1))
    query = (
        Visit.select(
            Visit.vehicle, Visit.planned_from, Visit.planned_until, User.name, WorkOrder.number, Customer.short_name,
            Visit.left_at.is_null(False),
        )
        .join_from(Visit, User)
        .join_from(Visit, WorkOrder)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER)
        .where(Visit.vehicle.is_null(False), Visit.dropped_at.is_null(), Visit.planned_from < ends_at, Visit.planned_until > starts_at)
        .order_by(Visit.planned_from, Visit.id)
    )  # fmt: skip
    found: dict[tuple[int, date], list[Booking]] = defaultdict(list)
    for row in query.tuples():
        booking = Booking(*row)
        for day in days:
            if booking.starts_at < clock.start_of(day + timedelta(days=1)) and booking.ends_at > clock.start_of(day):
                found[booking.vehicle_id, day].append(booking)
    return found
