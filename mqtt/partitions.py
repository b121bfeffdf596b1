"""``python -m mqtt partitions [NUMBER]``: among how many processes evaluation can be shared, and who does how much of it now."""

import sys

from app.core.errors import Invalid, Unavailable
from app.monitoring import evaluation


def run(number: int | None) -> int:
    """Ask for ``number`` partitions, if one is given, and print what there is; returns the exit status."""
    try:
        if number is not None:
            evaluation.ask_for(number)
        for one in evaluation.progress():
            sys.stdout.write(f"{one.partition.number + 1}/{one.partition.of}  position {one.position}  {one.holder or '-'}\n")
        if (wanted := evaluation.wanted()) is not None:
            sys.stdout.write(f"{wanted} wanted: the running subscribers change to them when all have come to one position\n")
    except (Invalid, Unavailable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
