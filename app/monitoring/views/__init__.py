"""Screens of the monitoring: board, alarms, machine, fault register, silence, feed, credentials."""

from app.monitoring.views import alarms, board, credentials, faults, feed, fitting, floods, inhibition, machines, makers, silence
from app.monitoring.views.routes import blueprint

__all__ = [
    "alarms", "blueprint", "board", "credentials", "faults", "feed", "fitting", "floods", "inhibition", "machines", "makers", "silence",
]  # fmt: skip
