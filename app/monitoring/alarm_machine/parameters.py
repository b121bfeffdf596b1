"""Delays and limits of the alarm machine: the defaults of monitoring §3, overridden by profile, rule and code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.machines import profiles
from app.machines.profiles import CodePolicy, Metric, MetricKind, Profile, Rule
from app.monitoring.alarm_machine.state import DEVICE

RANK = {severity: rank for rank, severity in enumerate(reversed(profiles.SEVERITIES))}  # low 0, high 1, critical 2
SEVERITY = {rank: severity for severity, rank in RANK.items()}

CODE_ON_DELAY = timedelta(0)
CODE_OFF_DELAY = timedelta(seconds=60)
RULE_OFF_DELAY = timedelta(seconds=120)
SAMPLES_OF_OFF_DELAY = 2  # an off-delay of readings lasts at least so many sample periods
SLOW_ON_DELAY = timedelta(seconds=60)  # temperatures and levels
FAST_ON_DELAY = timedelta(seconds=15)  # pressures, currents, flows
DIGITAL_ON_DELAY = timedelta(seconds=5)
REOPEN_WITHIN = timedelta(hours=24)
# What is measured is told by its unit; percentages are levels.
FAST_UNITS = frozenset({"Pa", "kPa", "MPa", "bar", "mbar", "psi", "A", "mA", "V", "L/min", "l/min", "m³/h", "m3/h"})
TEMPERATURE_UNITS = frozenset({"°C", "℃", "K", "°F"})


@dataclass(frozen=True, slots=True)
class Chatter:
    """When an alarm counts as chattering, how much longer its off-delay is then, and after what quiet that is over."""

    few: int = 3
    few_within: timedelta = timedelta(seconds=60)
    many: int = 10
    many_within: timedelta = timedelta(minutes=10)
    factor: int = 4
    quiet: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Step:
    """One level of a source: how long it must be true, and how grave it is."""

    on_delay: timedelta = CODE_ON_DELAY
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """What is known of one source of a code: its levels, mildest first, and how long it must be gone."""

    steps: tuple[Step, ...] = (Step(),)
    off_delay: timedelta = CODE_OFF_DELAY

    def step(self, level: int) -> Step:
        """That of ``level``, or the last one when a profile was shortened meanwhile."""
        return self.steps[min(level, len(self.steps) - 1)]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything that tells how one code of one machine behaves."""

    inputs: Mapping[str, Input] = field(default_factory=lambda: {DEVICE: Input()})
    latching: bool = False
    chatter: Chatter = Chatter()
    reopen_within: timedelta = REOPEN_WITHIN

    def of(self, source: str) -> Input:
        """The parameters of ``source``; those of the device for a rule that is no longer in the profile."""
        return self.inputs.get(source) or self.inputs[DEVICE]

    @property
    def longest_on_delay(self) -> timedelta:
        """How long something may have been true without being an alarm."""
        return max(step.on_delay for one in self.inputs.values() for step in one.steps)

    @property
    def longest_memory(self) -> timedelta:
        """How long after a raise or an end what happens may still depend on it."""
        longest_off = max(one.off_delay for one in self.inputs.values()) * self.chatter.factor
        return max(longest_off, self.chatter.quiet, self.chatter.many_within)


def of_code(profile: Profile | None, policy: CodePolicy) -> Parameters:
    """The parameters of the code that ``policy`` describes, with an input for the device and one for each rule that raises it."""
    rank = RANK[policy.severity]
    device = Input((Step(_seconds(policy.on_delay_s, CODE_ON_DELAY), rank),), _seconds(policy.off_delay_s, CODE_OFF_DELAY))
    inputs = {DEVICE: device}
    for source, rule in sources(profile):
        if profile is not None and rule.code == policy.code:
            inputs[source] = _of_rule(profile, rule, policy)
    return Parameters(inputs, policy.latching, reopen_within=_seconds(policy.reopen_s, REOPEN_WITHIN))


def sources(profile: Profile | None) -> list[tuple[str, Rule]]:
    """The rules of a profile, each with the name under which its code hears of it; the same name as long as the rule is about the same."""
    found: dict[str, Rule] = {}
    for rule in profile.rules if profile else ():
        name = f"{rule.metric} {rule.condition}"
        while (key := f"{rule.code} {name}") in found:
            name += "+"
        found[key] = rule
    return list(found.items())


def _of_rule(profile: Profile, rule: Rule, policy: CodePolicy) -> Input:
    metric = profile.metrics.get(rule.metric)
    on_delay = _seconds(rule.on_delay_s if rule.on_delay_s is not None else policy.on_delay_s, usual_on_delay(metric))
    if rule.missing_s:  # has waited for long enough
        on_delay = timedelta(0)
    samples = timedelta(seconds=profile.expected_interval_s) * SAMPLES_OF_OFF_DELAY
    off_delay = _seconds(rule.off_delay_s if rule.off_delay_s is not None else policy.off_delay_s, max(RULE_OFF_DELAY, samples))
    steps = tuple(Step(_seconds(level.on_delay_s, on_delay), RANK[level.severity or policy.severity]) for level in rule.levels)
    return Input(steps or (Step(on_delay, RANK[policy.severity]),), off_delay)


def usual_on_delay(metric: Metric | None) -> timedelta:
    """The default on-delay of a measured value (monitoring §3)."""
    if metric is not None and metric.kind is MetricKind.BOOLEAN:
        return DIGITAL_ON_DELAY
    return FAST_ON_DELAY if metric is not None and metric.unit in FAST_UNITS else SLOW_ON_DELAY


def _seconds(given: int | None, default: timedelta) -> timedelta:
    return default if given is None else timedelta(seconds=given)
