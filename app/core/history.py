"""History: who changed what and when, chained by HMAC so that no entry can be altered, removed or cut off unseen.

Entries are collected while the transaction runs and written as its last statements, with the head row
locked, so that two writers can neither fork the chain nor wait for each other in a circle
(architecture §3, security §7). Personal fields stand in the chain as keyed digests; the clear value
lives in ``history_personal``, from which it can be deleted without breaking the chain.
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from peewee import BigIntegerField, BlobField, CharField, Check, CompositeKey, ForeignKeyField, IntegerField, TextField

from app.core import bulk, clock, db
from app.core.db import BaseModel, InstantField
from app.core.prepared import Prepared, PreparedWrite
from app.core.types import Actor

GENESIS = b"\0" * 32


class HistoryEntry(BaseModel):
    """One change. Triggers refuse UPDATE, DELETE, REPLACE and TRUNCATE."""

    id = BigIntegerField(primary_key=True)
    at = InstantField()
    actor_id = IntegerField(null=True)
    actor_name = CharField(120)
    role = CharField(120)
    ip = CharField(45, null=True)
    action = CharField(60)
    object_type = CharField(40)
    object_id = CharField(80)
    before = TextField(null=True)
    after = TextField(null=True)
    prev_hash = BlobField()
    hash = BlobField()

    class Meta:
        indexes = ((("object_type", "object_id", "id"), False), (("actor_id", "id"), False), (("action", "id"), False))


class HistoryHead(BaseModel):
    """The single row that says where the chain ends."""

    id = IntegerField(primary_key=True, constraints=[Check("id = 1", name="only_one_head")])
    entry_id = BigIntegerField()
    hash = BlobField()


class HistoryPersonal(BaseModel):
    """Clear values of personal fields; may be deleted, the chain holds only their digests."""

    entry = ForeignKeyField(HistoryEntry, on_delete="RESTRICT")
    field = CharField(60)
    value = TextField()

    class Meta:
        primary_key = CompositeKey("entry", "field")


@dataclass(slots=True)
class _Pending:
    actor: Actor
    action: str
    object_type: str
    object_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    personal: dict[str, str]


_key = b""


def configure(key: str) -> None:
    """Set the chain's key (``AUDIT_KEY``) for this process."""
    global _key
    _key = key.encode()


def record(
    by: Actor,
    action: str,
    object_type: str,
    object_id: object,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    personal: dict[str, str] | None = None,
) -> None:
    """Note one change in the running transaction; ``personal`` values enter the chain only as keyed digests.

    Raises ``RuntimeError`` outside a transaction.
    """
    running = db.current()
    running.entries.append(_Pending(by, action, object_type, str(object_id), before, after, personal or {}))
    running.before_commit("history", lambda: _write(running.entries))


def _write(entries: list[_Pending]) -> None:
    if not entries:  # all were noted inside savepoints that failed
        return
    (head,) = _head.rows()
    entry_id, prev_hash, at = head.entry_id, bytes(head.hash), clock.now()
    rows: list[tuple[Any, ...]] = []
    personal: list[tuple[int, str, str]] = []
    for entry in entries:
        entry_id += 1
        row = _row(entry_id, at, entry, prev_hash)
        row["hash"] = prev_hash = chain_hash(row)
        rows.append(tuple((row | {"at": clock.to_ms(at)}).values()))
        personal.extend((entry_id, name, value) for name, value in entry.personal.items())
    bulk.insert(HistoryEntry, tuple(row), rows)
    bulk.insert(HistoryPersonal, ("entry", "field", "value"), personal)
    _move_head.count(entry_id, prev_hash)


_head = Prepared(lambda: db.for_update(HistoryHead.select().where(HistoryHead.id == 1)))
_move_head = PreparedWrite(lambda entry_id, last_hash: HistoryHead.update(entry_id=entry_id, hash=last_hash).where(HistoryHead.id == 1))


def _row(entry_id: int, at: datetime, entry: _Pending, prev_hash: bytes) -> dict[str, Any]:
    after = dict(entry.after or {}) | {name: {"digest": digest(value)} for name, value in entry.personal.items()}
    return {
        "id": entry_id,
        "at": at,
        "actor_id": entry.actor.user_id,
        "actor_name": entry.actor.name,
        "role": ",".join(sorted(entry.actor.roles)),
        "ip": entry.actor.ip,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "before": canonical(entry.before) if entry.before is not None else None,
        "after": canonical(after) if after or entry.after is not None else None,
        "prev_hash": prev_hash,
    }


def canonical(value: object) -> str:
    """The one JSON text of ``value``: sorted keys, no blanks, times in ISO 8601."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def digest(value: str) -> str:
    """Keyed digest of a personal value: equal values are equal, none can be guessed without the key."""
    return hmac.new(_key, b"personal\0" + value.encode(), sha256).hexdigest()


def chain_hash(row: dict[str, Any]) -> bytes:
    """HMAC-SHA256 over the canonical entry and the previous hash."""
    content = {name: value for name, value in row.items() if name not in ("hash", "prev_hash")}
    content["at"] = clock.to_ms(content["at"])
    return hmac.new(_key, canonical(content).encode() + bytes(row["prev_hash"]), sha256).digest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found; ``problem`` is None when the chain is whole."""

    entries: int
    problem: str | None = None


def verify(heads_file: Path | None = None) -> Verdict:
    """Walk the chain and name the first bad row, or "rows after N missing" against the head row and the heads stored in ``heads_file``."""
    expected_id, prev_hash, seen = 1, GENESIS, {}
    wanted = dict(_stored_heads(heads_file))
    for row in HistoryEntry.select().order_by(HistoryEntry.id).dicts().iterator():
        if row["id"] != expected_id:
            return Verdict(expected_id - 1, f"row {expected_id} is missing")
        if bytes(row["prev_hash"]) != prev_hash or chain_hash(row) != bytes(row["hash"]):
            return Verdict(expected_id - 1, f"row {row['id']} was altered")
        prev_hash = bytes(row["hash"])
        if row["id"] in wanted:
            seen[row["id"]] = prev_hash.hex()
        expected_id += 1
    last = expected_id - 1
    head = HistoryHead.get_or_none(HistoryHead.id == 1)
    if head is None:
        return Verdict(last, "the head row is missing")
    if head.entry_id > last:
        return Verdict(last, f"rows after {last} missing")
    if head.entry_id < last or bytes(head.hash) != prev_hash:
        return Verdict(last, "the head row was altered")
    for entry_id, stored in sorted(wanted.items()):
        if entry_id > last:
            return Verdict(last, f"rows after {last} missing")
        if entry_id and seen[entry_id] != stored:
            return Verdict(last, f"row {entry_id} was replaced")
    return Verdict(last)


def store_head(heads_file: Path, at: datetime) -> None:
    """Append the chain's present head to ``heads_file``, so that a cut tail shows even if the head row was cut too."""
    head = HistoryHead.get(HistoryHead.id == 1)
    with heads_file.open("a", encoding="utf8") as file:
        file.write(json.dumps({"at": at.isoformat(), "id": head.entry_id, "hash": bytes(head.hash).hex()}) + "\n")


def _stored_heads(heads_file: Path | None) -> Iterator[tuple[int, str]]:
    if heads_file is None or not heads_file.exists():
        return
    for line in heads_file.read_text(encoding="utf8").splitlines():
        head = json.loads(line)
        yield head["id"], head["hash"]
