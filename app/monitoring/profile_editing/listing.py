"""The entries of a profile as the screen lists them, with the delays that apply where none is given."""

from dataclasses import dataclass

from app.machines.profiles import CodePolicy, Profile, Rule
from app.monitoring import conditions
from app.monitoring.alarm_machine import parameters
from app.monitoring.alarm_machine.parameters import Input
from app.monitoring.alarm_machine.state import DEVICE


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds that apply, and whether somebody wrote them."""

    seconds: int
    is_given: bool


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A code with its delays."""

    policy: CodePolicy
    on: Delay
    off: Delay
    reopen: Delay


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule with what applies to it; ``place`` is its name in addresses."""

    place: int
    rule: Rule
    policy: CodePolicy | None
    on: Delay
    off: Delay
    deadband: float
    is_deadband_given: bool


def codes(profile: Profile) -> list[ListedCode]:
    """The codes that a device may send, in the order of the file; combinations stand elsewhere."""
    combined = {one.code for one in profile.combinations}
    return [_code(profile, policy) for name, policy in profile.codes.items() if name not in combined]


def _code(profile: Profile, policy: CodePolicy) -> ListedCode:
    found = parameters.of_code(profile, policy)
    device = found.inputs[DEVICE]
    reopen = Delay(int(found.reopen_within.total_seconds()), policy.reopen_s is not None)
    return ListedCode(policy, _on(device, policy.on_delay_s), _off(device, policy.off_delay_s), reopen)


def rules(profile: Profile) -> list[ListedRule]:
    """The rules in the order of the file."""
    return [_rule(profile, place, source, rule) for place, (source, rule) in enumerate(parameters.sources(profile), 1)]


def _rule(profile: Profile, place: int, source: str, rule: Rule) -> ListedRule:
    policy = profile.codes.get(rule.code)
    found = parameters.of_code(profile, policy).inputs[source] if policy else Input()
    usual = conditions.usual_deadband(profile.metrics.get(rule.metric))
    deadband = usual if rule.deadband is None else rule.deadband
    on, off = _on(found, rule.on_delay_s), _off(found, rule.off_delay_s)
    return ListedRule(place, rule, policy, on, off, deadband, rule.deadband is not None)


def _on(found: Input, given: int | None) -> Delay:
    return Delay(int(found.steps[-1].on_delay.total_seconds()) if given is None else given, given is not None)


def _off(found: Input, given: int | None) -> Delay:
    return Delay(int(found.off_delay.total_seconds()), given is not None)
