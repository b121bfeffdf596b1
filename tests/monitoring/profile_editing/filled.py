"""Forms as a browser without JavaScript sends them: what stands in their fields."""

from html.parser import HTMLParser


def fields_of(page: str, action: str) -> dict[str, str]:
    """What the form of ``action`` in ``page`` would send; fails when the page has no such form."""
    reading = _Form(action)
    reading.feed(page)
    assert reading.is_found, f"no form for {action}"
    return reading.fields


class _Form(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._is_inside, self.is_found = action, False, False
        self.fields: dict[str, str] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("action") == self._action
            self.is_found = self.is_found or self._is_inside
        elif self._is_inside:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str | None]) -> None:
        name, value = given.get("name") or "", given.get("value")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[name] = value if value is not None else "" if given.get("type") != "checkbox" else "on"
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = value or ""
        elif tag == "textarea":
            self._area, self.fields[name] = name, ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "form"
        self._select = "" if tag == "select" else self._select
        if tag == "textarea" and self._area:
            self.fields[self._area] = self.fields[self._area].removeprefix("\r\n").removeprefix("\n")
            self._area = ""
