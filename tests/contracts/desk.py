"""What the tests of contract screens send."""


def typed(**values: str) -> dict[str, str]:
    """A form of one line of 2 × 600 yuan."""
    line = {"text": "更换油缸密封", "quantity": "2", "unit": "套", "price": "600", "tax_rate": "13"}
    form = {f"line-0-{name}": text for name, text in line.items()}
    return {"kind": "repair", "title": "更换油缸密封", "text": "总价【金额】元", "payment_days": "30", "form_token": "one"} | form | values
