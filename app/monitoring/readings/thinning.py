"""From readings to minutes and hours, in short steps that can be broken off anywhere and done again (monitoring §6).

First the hours that new readings lie in are noted, in the order of intake and never ahead of evaluation; then each noted hour that is over
is computed again from all its readings, so that late ones are put in their place. Where the readings themselves are forgotten already, late
ones are added to what was computed, and go.
"""

from datetime import datetime

from app.core import db
from app.core.clock import to_ms
from app.monitoring import evaluation
from app.monitoring.models import Reading, ReadingDue, ReadingHour, ReadingMinute
from app.monitoring.readings import blocks
from app.monitoring.readings.blocks import DAY_MS, HOUR_MS, Block
from app.monitoring.readings.progress import Progress, locked, note
from app.monitoring.signals import decode_metrics

NOTED_AT_ONCE = 4_000
READINGS_AT_ONCE = 1_500
HOURS_AT_ONCE = 24
# An hour that has just ended may still get what is on its way.
SETTLING_MS = 10 * blocks.MINUTE_MS

_NOTE = """
    INSERT INTO reading_due (at, terminal_id)
    SELECT DISTINCT at / {hour} * {hour}, terminal_id FROM reading WHERE position > {p} AND position <= {p} AND at >= 0
    ON CONFLICT DO NOTHING
"""


def evaluated() -> int:
    """The position up to which every partition has evaluated; what lies behind it must not be touched."""
    return min(one.position for one in evaluation.progress())


def note_hours() -> bool:
    """Note the hours that the next readings lie in; whether there may be more."""
    with db.transaction():
        known = locked()
        upto = min(evaluated(), known.scanned + NOTED_AT_ONCE)
        if upto <= known.scanned:
            return False
        db.database.execute_sql(_NOTE.format(hour=HOUR_MS, p=db.database.param), (known.scanned, upto))
        note(scanned=upto)
    return True


def thin(now: datetime) -> int:
    """Compute the next noted hours that are over at ``now``, oldest first, in one short transaction; returns how many that were."""
    done, readings = 0, 0
    with db.transaction():
        known = locked()
        for start_ms, terminal_id in _due(to_ms(now)):
            readings += _thin_hour(terminal_id, start_ms, known)
            ReadingDue.delete().where(ReadingDue.at == start_ms, ReadingDue.terminal == terminal_id).execute()
            done += 1
            if readings >= READINGS_AT_ONCE:
                break
    return done


def _due(now_ms: int) -> list[tuple[int, int]]:
    query = ReadingDue.select(ReadingDue.at, ReadingDue.terminal)
    rows = query.where(ReadingDue.at < now_ms - HOUR_MS - SETTLING_MS).order_by(ReadingDue.at, ReadingDue.terminal).limit(HOURS_AT_ONCE)
    return [(to_ms(at), terminal_id) for at, terminal_id in rows.tuples()]


def _thin_hour(terminal_id: int, start_ms: int, known: Progress) -> int:
    """Compute one hour; returns how many readings that took."""
    is_forgotten = start_ms < known.raw_from
    of_hour = (Reading.terminal == terminal_id) & (Reading.at >= start_ms) & (Reading.at < start_ms + HOUR_MS)
    if is_forgotten:
        of_hour &= Reading.position > known.doomed
    rows = list(Reading.select(Reading.at, Reading.metrics).where(of_hour).order_by(Reading.at, Reading.position).tuples())
    if not rows:
        return 0
    minutes = blocks.minutes_of(((to_ms(at), decode_metrics(metrics)) for at, metrics in rows), start_ms)
    if start_ms >= known.minute_from:
        minutes = blocks.joined(_read(ReadingMinute, terminal_id, start_ms), minutes) if is_forgotten else minutes
        _write(ReadingMinute, terminal_id, start_ms, minutes)
    if start_ms >= known.hour_from:
        _put_hour(terminal_id, start_ms, minutes, is_added=start_ms < known.minute_from)
    if is_forgotten:
        Reading.delete().where(of_hour).execute()
    return len(rows)


def _put_hour(terminal_id: int, start_ms: int, minutes: Block, *, is_added: bool) -> None:
    """Write the hour into its day, or add it to what stands there."""
    day_ms = start_ms - start_ms % DAY_MS
    place, hour, day = (start_ms - day_ms) // HOUR_MS, blocks.whole(minutes), _read(ReadingHour, terminal_id, day_ms)
    if is_added:
        hour = blocks.together(blocks.at_place(day, place), hour)
    blocks.put(day, place, hour)
    _write(ReadingHour, terminal_id, day_ms, day)


def _read(model: type[ReadingMinute] | type[ReadingHour], terminal_id: int, at_ms: int) -> Block:
    text = model.select(model.metrics).where(model.terminal == terminal_id, model.at == at_ms).scalar()
    return blocks.read(text) if text else {}


def _write(model: type[ReadingMinute] | type[ReadingHour], terminal_id: int, at_ms: int, block: Block) -> None:
    text = blocks.written(block)
    model.insert(terminal=terminal_id, at=at_ms, metrics=text).on_conflict(
        conflict_target=[model.terminal, model.at], update={model.metrics: text}
    ).execute()
