"""``python -m tests.benchmarks [part …]``: measure and print JSON; all parts by default.

Parts: tickets, search, intake_matches, imports, first_visit, memory, machine_file, pdf, dispatching, money, hydraulic, board,
readings, intake.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.benchmarks import board, dispatching, hydraulic, imports, machine_file, money, readings, search, surroundings, tickets
from tests.benchmarks.processes import ROOT

FOLDER = ROOT / "build" / "bench"
PARTS: dict[str, Callable[[Path], Any]] = {
    "tickets": tickets.measure,
    "search": search.measure,
    "intake_matches": search.intake_matches,
    "imports": imports.measure,
    "first_visit": surroundings.first_visit,
    "memory": surroundings.memory,
    "machine_file": machine_file.measure,
    "pdf": machine_file.measure_pdf,
    "dispatching": dispatching.measure,
    "money": money.measure,
    "hydraulic": hydraulic.measure,
    "board": board.measure,
    "readings": readings.measure,
}


def main(wanted: list[str]) -> None:
    """Measure the ``wanted`` parts one after the other."""
    if find_spec("tests.benchmarks.intake"):
        PARTS["intake"] = import_module("tests.benchmarks.intake").measure
    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"unknown part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    json.dump({name: PARTS[name](FOLDER) for name in wanted or PARTS}, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
