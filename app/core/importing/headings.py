"""Which column of ours a heading of a file means: by its code, its label in either language, or a word an office would use."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from app.core.errors import N_
from app.core.importing.lines import refused

# Bracketed additions such as （必填） or (m), stars of required columns, blanks and signs say nothing of the meaning.
_ADDITION = re.compile(r"\(.*?\)|\[.*?\]|【.*?】")
_SIGNS = re.compile(r"[\W_]+")
IGNORED = ""
# What we add to a file of bad lines, so that it can be handed in again once it is corrected.
OURS = frozenset({"line", "reason"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an import reads; ``label`` is a message id, ``label_zh`` its Chinese heading, ``names`` what else it is called.

    ``hint`` (a message id) and ``example`` stand in the template to download.
    """

    code: str
    label: str
    label_zh: str
    names: tuple[str, ...] = ()
    is_required: bool = False
    hint: str = ""
    example: str = ""


def plain(heading: str) -> str:
    """``heading`` without what does not tell headings apart: width, case, blanks, signs, additions in brackets."""
    text = unicodedata.normalize("NFKC", heading).lower()
    return _SIGNS.sub("", _ADDITION.sub("", text)) or _SIGNS.sub("", text)


@dataclass(frozen=True, slots=True)
class Mapping:
    """What each heading of a file means: the code of a column, or ``IGNORED`` on purpose. A heading that is not here is not known."""

    columns: MappingType[str, str]

    @classmethod
    def guessed(cls, headings: Sequence[str], columns: Sequence[Column]) -> "Mapping":
        """What the headings mean by themselves; of two that mean the same, the first does."""
        known: dict[str, str] = {}
        for column in columns:
            for name in (column.code, column.label, column.label_zh, *column.names):
                known.setdefault(plain(name), column.code)
        found: dict[str, str] = {}
        for heading in headings:
            if heading in OURS:
                found[heading] = IGNORED
            code = known.get(plain(heading))
            if code and code not in found.values():
                found[heading] = code
        return cls(found)

    def with_choices(self, chosen: MappingType[str, str]) -> "Mapping":
        """This mapping with what a person said; a column that was chosen is no longer what another heading was guessed to mean."""
        taken = {code for code in chosen.values() if code != IGNORED}
        kept = {heading: code for heading, code in self.columns.items() if code not in taken}
        return Mapping(kept | dict(chosen))

    def problems(self, headings: Sequence[str], columns: Sequence[Column]) -> list[tuple[str, str, dict[str, str]]]:
        """What keeps a file with these ``headings`` from being read: the column or heading meant, message and parameters."""
        codes = [self.columns[heading] for heading in headings if self.columns.get(heading)]
        known = {column.code for column in columns}
        found = [
            (column.code, N_("the column %(column)s is missing"), {"column": column.code})
            for column in columns
            if column.is_required and column.code not in codes
        ]
        found += [
            (heading, N_("the column %(column)s is not known"), {"column": heading or "''"})
            for heading in headings
            if self.columns.get(heading) is None or self.columns[heading] not in (known | {IGNORED})
        ]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        return found + [(code, N_("the column %(column)s stands twice"), {"column": code}) for code in twice]

    def strangers(self, headings: Iterable[str]) -> list[str]:
        """The headings of the mapping that the file does not have."""
        there = set(headings)
        return [heading for heading in self.columns if heading not in there]

    def require(self, headings: Sequence[str], columns: Sequence[Column], heading_line: int = 1) -> None:
        """Raise ``InvalidFile`` unless every heading is known and every required column there."""
        problems = self.problems(headings, columns)
        if problems:
            raise refused([(heading_line, message, dict(params)) for _about, message, params in problems])

    def places(self, headings: Sequence[str]) -> list[tuple[int, str]]:
        """The position of each column that is read, with its code."""
        return [(place, self.columns[heading]) for place, heading in enumerate(headings) if self.columns.get(heading)]
