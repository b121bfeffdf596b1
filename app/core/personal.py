"""How personal values are shown to those who do not need them whole; pure."""

_KEPT_IN_FRONT, _KEPT_BEHIND = 3, 4


def masked_phone(phone: str) -> str:
    """138****1234: what is left of a phone number in lists and pages (security §6)."""
    if len(phone) <= _KEPT_IN_FRONT + _KEPT_BEHIND:
        return "*" * max(len(phone) - 2, 0) + phone[-2:] if phone else ""
    return f"{phone[:_KEPT_IN_FRONT]}****{phone[-_KEPT_BEHIND:]}"
