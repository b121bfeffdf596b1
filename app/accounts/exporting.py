"""The users and the history as tables for other programs: codes as they are stored, times of the deployment."""

import json
from collections.abc import Iterator
from typing import Any

from app.accounts import queries
from app.accounts.queries import HistoryFilter, HistoryLine, UserFilter, UserLine

USER_COLUMNS = ("username", "name", "roles", "areas", "station", "email", "active", "created_at")
HISTORY_COLUMNS = ("id", "at", "actor_id", "actor", "role", "ip", "action", "object_type", "object_id", "before", "after")


def users(wanted: UserFilter, sort: str) -> list[list[Any]]:
    """The users of the list in its order. Raises ``Invalid`` for an unknown sort."""
    return [_user(line) for line in queries.every_user(wanted, sort=sort)]


def _user(line: UserLine) -> list[Any]:
    user = line.user
    return [
        user.username,
        user.name,
        [str(role) for role in line.roles],
        ", ".join(line.areas),
        line.station,
        user.email,
        user.is_active,
        user.created_at,
    ]


def history(wanted: HistoryFilter) -> Iterator[list[Any]]:
    """The entries of the list, newest first; personal values in clear as on the screen, where they have not been deleted."""
    for line in queries.whole_history(wanted):
        entry = line.entry
        yield [
            entry.id, entry.at, entry.actor_id, entry.actor_name, entry.role.split(","), entry.ip,
            entry.action, entry.object_type, entry.object_id, entry.before, _after(line),
        ]  # fmt: skip


def _after(line: HistoryLine) -> str | None:
    if not line.personal:
        return line.entry.after
    return json.dumps(json.loads(line.entry.after) | line.personal, ensure_ascii=False)
