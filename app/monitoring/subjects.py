"""Whose alarm it is, and what the machine's profile says about its code."""

from dataclasses import dataclass

from app.machines import profiles
from app.machines.models import Machine
from app.machines.profiles import CodePolicy, Profile
from app.monitoring import conditions
from app.monitoring.alarm_machine import parameters
from app.monitoring.alarm_machine.parameters import Parameters
from app.monitoring.conditions import Watch


@dataclass(frozen=True, slots=True)
class Subject:
    """A code of a machine with what its profile says."""

    machine: Machine
    policy: CodePolicy
    parameters: Parameters
    profile: Profile | None

    def watches(self) -> list[Watch]:
        """The rules that raise this code, all off."""
        return conditions.watches(self.profile, self.policy.code)


def subject(machine: Machine, profile: Profile | None, code: str) -> Subject:
    """``code`` of ``machine``, which is monitored by ``profile``."""
    policy = profiles.code(profile, code)
    return Subject(machine, policy, parameters.of_code(profile, policy), profile)
