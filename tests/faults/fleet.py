"""What a large fleet says, worked out from a seed: any message can be written again at any time, and none has to be kept."""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.faults.oracle import Gone, reference_run
from tests.faults.publisher import CODES

FAULT_SHARE = 0.01
POISON_SHARE = 0.002
REBOOT_SHARE = 0.1
# Of the wrong kind, with an identity that can be read: refused, and receipted all the same.
POISON: list[tuple[str, dict[str, Any]]] = [
    ("telemetry", {"metrics": {"oil_temp": {"value": 1}}}),
    ("telemetry", {"metrics": [1]}),
    ("fault", {"code": 4, "active": True}),
    ("fault", {"code": "E04", "active": "yes"}),
]


@dataclass(slots=True)
class Plan:
    """What one device is going to say beside its readings, by step; a step is one message."""

    faults: dict[int, tuple[str, bool]] = field(default_factory=dict)
    poison: dict[int, int] = field(default_factory=dict)
    reboot: int | None = None
    names: tuple[str, ...] = ()  # the faults that the second birth names


class Fleet:
    """``steps`` messages of each device, at ``rate`` a second of all of them together, from ``start_ms`` on."""

    def __init__(self, devices: list[str], steps: int, *, start_ms: int, rate: float, seed: int) -> None:
        self.devices = devices
        self.steps = steps
        self.start_ms = start_ms
        self.rate = rate
        self.plans = [self._plan(random.Random(f"{seed}-{number}")) for number in range(len(devices))]

    def _plan(self, chance: random.Random) -> Plan:
        plan = Plan(reboot=chance.randrange(1, self.steps) if chance.random() < REBOOT_SHARE else None)
        active: set[str] = set()
        step = 0
        while (step := step + 1 + int(chance.expovariate(FAULT_SHARE + POISON_SHARE))) < self.steps:
            if step == plan.reboot:
                continue
            if chance.random() < POISON_SHARE / (FAULT_SHARE + POISON_SHARE):
                plan.poison[step] = chance.randrange(len(POISON))
                continue
            code = chance.choice(CODES)
            is_active = (code not in active) == (chance.random() < 0.9)
            (active.add if is_active else active.discard)(code)
            plan.faults[step] = (code, is_active)
        plan.names = tuple(sorted(_active_before(plan))) if plan.reboot is not None else ()
        return plan

    def at_ms(self, number: int, step: int) -> int:
        """When device ``number`` says its message ``step``."""
        return self.start_ms + int((step * len(self.devices) + number) * 1000 / self.rate)

    def identity(self, number: int, step: int) -> tuple[str, int]:
        """Boot and sequence number."""
        reboot = self.plans[number].reboot
        return ("b2", step - reboot) if reboot is not None and step >= reboot else ("b1", step)

    def step(self, number: int, boot: str, seq: int) -> int:
        """The step of an identity."""
        return seq + (self.plans[number].reboot or 0 if boot == "b2" else 0)

    def kind(self, number: int, step: int) -> str:
        """state, fault, telemetry or poison."""
        plan = self.plans[number]
        if step in (0, plan.reboot):
            return "state"
        return "fault" if step in plan.faults else "poison" if step in plan.poison else "telemetry"

    def message(self, number: int, step: int) -> tuple[str, bytes]:
        """Topic and payload."""
        plan, device = self.plans[number], self.devices[number]
        boot, seq = self.identity(number, step)
        head = f'{{"ts":{self.at_ms(number, step)},"boot":"{boot}","seq":{seq},'
        kind = self.kind(number, step)
        if kind == "state":
            body = {"online": True, "firmware": "1.4", "faults": list(plan.names if step else ())}
        elif kind == "fault":
            body = dict(zip(("code", "active"), plan.faults[step], strict=True))
        elif kind == "poison":
            kind, body = POISON[plan.poison[step]]
        else:
            return f"evc/{device}/telemetry", f'{head}"metrics":{{"oil_temp":{40 + step % 10 / 10},"n":{step}}}}}'.encode()
        return f"evc/{device}/{kind}", (head + json.dumps(body, separators=(",", ":"))[1:]).encode()

    def counts(self) -> dict[str, int]:
        """How many messages of each kind."""
        faults, poison = sum(len(plan.faults) for plan in self.plans), sum(len(plan.poison) for plan in self.plans)
        states = sum(1 + (plan.reboot is not None) for plan in self.plans)
        total = self.steps * len(self.plans)
        return {"state": states, "fault": faults, "poison": poison, "telemetry": total - states - faults - poison}

    def episodes(self, number: int) -> dict[str, list[Gone]]:
        """The reference's episodes of one device, by code."""
        said: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for step, (code, is_active) in self.plans[number].faults.items():
            said[code].append((self.at_ms(number, step), is_active))
        return {code: reference_run(run) for code, run in said.items()}


def _active_before(plan: Plan) -> set[str]:
    active: set[str] = set()
    for step, (code, is_active) in plan.faults.items():
        if plan.reboot is None or step < plan.reboot:
            (active.add if is_active else active.discard)(code)
    return active
