"""What is approved and signed, as text: the canonical JSON of a contract (``app.core.strokes``); its SHA-256 is the contract's digest."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.contracts.models import Contract, ContractLine
from app.core.strokes import text_of

FORMAT = 1


def said_by(contract: Contract, lines: Sequence[ContractLine], serials: Sequence[str]) -> str:
    """The canonical text of ``contract`` with its ``lines`` in order; ``serials`` are the machines that a service agreement covers."""
    return text_of(
        {
            "format": FORMAT,
            "number": contract.number,
            "kind": contract.kind,
            "customer": contract.customer.name,
            "machine": contract.machine.serial if contract.machine_id else None,
            "machines": sorted(serials),
            "amends": contract.amends.number if contract.amends_id else None,
            "title": contract.title,
            "text": contract.text,
            "valid_from": _text(contract.valid_from),
            "valid_until": _text(contract.valid_until),
            "payment_days": contract.payment_days,
            "retention_rate": _text(contract.retention_rate),
            "total": _text(contract.total),
            "lines": [_line(line) for line in lines],
        }
    )


def _line(line: ContractLine) -> dict[str, Any]:
    part = line.part.number if line.part_id else None
    numbers = {name: _text(getattr(line, name)) for name in ("quantity", "price", "discount", "tax_rate", "amount", "tax")}
    return {"text": line.text, "part": part, "unit": line.unit, "is_in_warranty": line.is_in_warranty} | numbers


def _text(value: Any) -> str | None:
    """A number the same way however it was reckoned or stored: 1200 and 1200.00 are one."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else None if value is None else str(value)
