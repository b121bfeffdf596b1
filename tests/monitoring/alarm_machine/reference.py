"""The alarm machine once more, written from monitoring §3 alone: time passes tick by tick, and at each tick one looks at the clocks.

It keeps every raise and every moment as plain numbers of ticks and shares no code with the product but the words of its results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Said(NamedTuple):
    """One signal: ``kind`` is raised, cleared, present, absent or reset."""

    tick: int
    number: int
    kind: str
    source: str = ""
    level: int = 0


@dataclass
class Settings:
    """Delays in ticks; ``levels`` gives for each source its (on-delay, rank) from the mildest up, ``off`` its off-delay."""

    levels: dict[str, list[tuple[int, int]]]
    off: dict[str, int]
    latching: bool = False
    few: tuple[int, int] = (3, 60)
    many: tuple[int, int] = (10, 600)
    factor: int = 4
    quiet: int = 1800


@dataclass
class Episode:
    """Start, end, count, rank, how often it came back, whether it chattered."""

    start: int
    end: int | None = None
    count: int = 1
    rank: int = 0
    back: int = 0
    chattered: bool = False

    @property
    def shape(self) -> tuple[int, int | None, int, int, int, bool]:
        return (self.start, self.end, self.count, self.rank, self.back, self.chattered)


@dataclass
class Walk:
    """A machine that is walked through time."""

    settings: Settings
    stands: str = "normal"
    episodes: list[Episode] = field(default_factory=list)
    pending: Episode | None = None
    true_since: dict[tuple[str, int], int] = field(default_factory=dict)
    gone_since: int = 0
    off_delay: int = 0
    raises: list[int] = field(default_factory=list)
    chatters: bool = False
    fleeting: int = 0

    def through(self, said: Sequence[Said], until: int) -> "Walk":
        """Walk through ``said`` and on to ``until``."""
        ordered = sorted(said, key=lambda one: (one.tick, one.number))
        last = max(until, ordered[-1].tick if ordered else until)
        for tick in range(min([0, *(one.tick for one in ordered)]), last + 1):
            self.look(tick)
            while ordered and ordered[0].tick == tick:
                self.hear(ordered.pop(0))
                self.look(tick)
        return self

    def look(self, tick: int) -> None:
        if self.chatters and tick - self.raises[-1] >= self.settings.quiet:
            self.chatters = False
        if self.stands == "clearing" and tick - self.gone_since >= self.off_delay:
            if self.settings.latching:
                self.stands = "latched"
            else:
                self.stands = "normal"
                self.episodes[-1].end = self.gone_since
        if self.stands in ("pending", "active"):
            held = [
                rank
                for (source, level), since in self.true_since.items()
                for delay, rank in [self.settings.levels[source][level]]
                if tick - since >= delay
            ]
            if self.stands == "active":
                self.episodes[-1].rank = max([self.episodes[-1].rank, *held])
            elif held:
                assert self.pending is not None
                self.pending.rank = max(held)
                self.episodes.append(self.pending)
                self.stands = "active"
                self.note_raise(tick)

    def note_raise(self, tick: int) -> None:
        self.raises.append(tick)
        for number, within in (self.settings.few, self.settings.many):
            if len([at for at in self.raises if tick - at <= within]) >= number:
                self.chatters = True
        self.episodes[-1].chattered |= self.chatters

    def hear(self, said: Said) -> None:
        if said.kind == "reset":
            if self.stands == "latched":
                self.stands = "normal"
                self.episodes[-1].end = said.tick
        elif said.kind in ("cleared", "absent"):
            self.hear_gone(said)
        else:
            self.hear_there(said)

    def hear_gone(self, said: Said) -> None:
        was_true = bool(self.true_since)
        self.true_since = {key: since for key, since in self.true_since.items() if key[0] != said.source}
        if not was_true or self.true_since:
            return
        if self.stands == "pending":
            self.stands = "normal"
            self.fleeting += 1
        elif self.stands == "active":
            self.stands = "clearing"
            self.gone_since = said.tick
            self.off_delay = self.settings.off[said.source] * (self.settings.factor if self.chatters else 1)

    def hear_there(self, said: Said) -> None:
        for level in range(len(self.settings.levels[said.source])):
            if level > said.level:
                self.true_since.pop((said.source, level), None)
            else:
                self.true_since.setdefault((said.source, level), said.tick)
        if self.stands == "normal":
            if self.episodes and self.episodes[-1].start == said.tick:  # within one tick it never was away
                self.stands = "active"
                self.episodes[-1].end = None
                self.episodes[-1].count += 1
                self.note_raise(said.tick)
            else:
                self.stands = "pending"
                self.pending = Episode(said.tick)
        elif self.stands in ("clearing", "latched"):
            self.episodes[-1].back += self.stands == "clearing"
            self.episodes[-1].count += 1
            self.stands = "active"
            self.note_raise(said.tick)
        elif said.kind == "raised":
            one = self.pending if self.stands == "pending" else self.episodes[-1]
            assert one is not None
            one.count += 1
