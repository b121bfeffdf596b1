"""The job that lets readings age: it notes, thins and forgets for a short time, and goes on at its next slot."""

import time
from datetime import datetime

from app.monitoring.readings import forgetting, partitions, thinning

BUDGET_S = 2.0


def look(at: datetime) -> str:
    """Do what is due at ``at`` for at most about ``BUDGET_S``; says how many hours were thinned and how many rows went."""
    began = time.monotonic()
    until = began + BUDGET_S
    partitions.make(at)
    while time.monotonic() < began + BUDGET_S / 2 and thinning.note_hours():  # far ahead, so that each hour is computed once
        pass
    thinned = _thin(at, until)
    forgetting.move_on(at)
    gone = 0
    while time.monotonic() < until and (more := forgetting.forget()):
        gone += more
    return f"{thinned} hours, {gone} gone" if thinned or gone else ""


def _thin(at: datetime, until: float) -> int:
    thinned = 0
    while time.monotonic() < until and (more := thinning.thin(at)):
        thinned += more
    return thinned
