"""Monitoring profiles: what a family of machines measures, which codes it sends and what each of them means (monitoring §5).

Pure: no database and no clock. ``parsing`` turns a file into a ``Profile``.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

# The profiles that come with the product.
SHIPPED = tuple(sorted(Path(__file__).parent.glob("*.yaml")))

DEFAULT_INTERVAL_S = 60
SEVERITIES = ("critical", "high", "low")
UNKNOWN_CODE_SEVERITY = "high"
COMM_LOST, CLOCK_SKEW = "COMM_LOST", "CLOCK_SKEW"  # what the portal itself says about a terminal (monitoring §3)


class MetricKind(StrEnum):
    """What values a metric takes."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"


class Opening(StrEnum):
    """When an alarm opens a ticket."""

    OPEN = "open"
    NONE = "none"
    AFTER = "after"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Words:
    """A name in both languages of the product."""

    zh: str
    en: str

    def within(self, language: str) -> str:
        """The name for a reader of ``language`` (``zh…`` or any other)."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured value; ``limits`` is what the sensor can show, ``normal`` what it shows in quiet work."""

    key: str
    name: Words
    kind: MetricKind = MetricKind.NUMBER
    unit: str = ""
    limits: tuple[float, float] | None = None
    normal: tuple[float, float] | None = None
    values: dict[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TicketPolicy:
    """Whether an alarm opens a ticket at once, never, after a time of standing, or when it was raised often.

    ``after_s`` counts round the clock, ``after_working_s`` the hours of the working calendar; at most one of them is given.
    """

    opening: Opening = Opening.OPEN
    after_s: int | None = None
    count: int | None = None
    within_s: int | None = None
    after_working_s: int | None = None


@dataclass(frozen=True, slots=True)
class CodePolicy:
    """What a fault code means; ``family`` groups codes that one open ticket stands for (monitoring §4).

    Delays and the window in which its ticket is opened again are in seconds, None for the usual ones (monitoring §3). ``warning`` is what
    whoever goes there must know first; ``auto_close``: a ticket that nobody touched closes itself when the fault has gone;
    ``tell_customer``: it is put on the list of what customers are to be told.
    """

    code: str
    name_zh: str
    name_en: str
    severity: str
    family: str
    component: str = ""
    latching: bool = False
    safety: bool = False
    ticket: TicketPolicy = TicketPolicy()
    is_in_profile: bool = True
    on_delay_s: int | None = None
    off_delay_s: int | None = None
    reopen_s: int | None = None
    auto_close: bool = False
    tell_customer: bool = False
    warning: Words | None = None

    def name(self, language: str) -> str:
        """The name for a reader of ``language``."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class Level:
    """One threshold of a rule; ``severity`` None means that of the code."""

    above: float | None = None
    below: float | None = None
    severity: str | None = None
    on_delay_s: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on readings that raises ``code``: thresholds, a rise of ``rises`` within ``within_s``, or nothing for ``missing_s``."""

    code: str
    metric: str
    levels: tuple[Level, ...] = ()
    rises: float | None = None
    within_s: int | None = None
    deadband: float | None = None
    on_delay_s: int | None = None
    off_delay_s: int | None = None
    missing_s: int | None = None

    @property
    def condition(self) -> str:
        """What the rule looks at: ``above``, ``below``, ``rises`` or ``missing``."""
        if self.missing_s:
            return "missing"
        if self.rises:
            return "rises"
        return "above" if self.levels and self.levels[0].above is not None else "below"


@dataclass(frozen=True, slots=True)
class Combination:
    """Codes that together mean something else: ``code``."""

    code: str
    all_of: tuple[str, ...]
    within_s: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """While ``parent`` is active its ``children`` open nothing."""

    parent: str
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a good file that its author should look at, with its line."""

    line: int
    message: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile document."""

    name: str
    title: Words
    expected_interval_s: int
    metrics: dict[str, Metric]
    codes: dict[str, CodePolicy]
    rules: tuple[Rule, ...] = ()
    combinations: tuple[Combination, ...] = ()
    suppress: tuple[Suppression, ...] = ()
    remarks: tuple[Remark, ...] = ()


_AFTER_TWO_WORKING_HOURS = TicketPolicy(Opening.AFTER, after_working_s=7_200)
_OF_THE_PORTAL = {
    COMM_LOST: CodePolicy(COMM_LOST, "通讯中断", "Communication lost", "high", COMM_LOST, "terminal", ticket=_AFTER_TWO_WORKING_HOURS),
    CLOCK_SKEW: CodePolicy(
        CLOCK_SKEW, "终端时钟偏差", "Terminal clock off", "low", CLOCK_SKEW, "terminal", ticket=TicketPolicy(Opening.NONE)
    ),
}


def code(profile: Profile | None, name: str) -> CodePolicy:
    """What code ``name`` means in ``profile``, or what it means everywhere if the portal itself says it; any other unknown one is an
    alarm of severity high with a ticket (monitoring §3)."""
    known = (profile.codes.get(name) if profile else None) or _OF_THE_PORTAL.get(name)
    return known or CodePolicy(name, name, name, UNKNOWN_CODE_SEVERITY, family=name, is_in_profile=False)
