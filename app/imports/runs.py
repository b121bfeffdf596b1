"""What a run says of its file: the table with its mapping, the reasons of its bad lines, who runs it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.accounts.models import UserRole
from app.accounts.permissions import permissions_of
from app.core import files
from app.core.errors import InvalidFile
from app.core.import_runs import ImportKind, ImportRun
from app.core.importing import Kind, Line, Mapping, Options, Outcome, Reasons, Table, open_table
from app.core.types import Actor, system
from app.imports.kinds import KINDS

Problem = tuple[int, str, dict[str, Any]]


def kind_of(run: ImportRun) -> Kind:
    """The kind of table that ``run`` takes in."""
    return KINDS[ImportKind(run.kind)]


def options_of(run: ImportRun) -> Options:
    """What was decided beside the file."""
    return Options(creates_machines=run.creates_machines, source=run.source_name)


def mapping_of(run: ImportRun) -> Mapping:
    """What the headings mean; empty while nobody said."""
    return Mapping(json.loads(run.mapping) if run.mapping else {})


@contextmanager
def table_of(run: ImportRun) -> Iterator[Table]:
    """The file of ``run``, open. Raises ``InvalidFile``."""
    with files.path_of(run.file).open("rb") as file:
        yield open_table(file)


def reasons_to_json(bad: dict[int, Reasons]) -> str:
    """The text kept in ``ImportRun.bad_lines``; empty when no line is bad."""
    return json.dumps(bad, ensure_ascii=False, separators=(",", ":")) if bad else ""


def bad_lines_of(run: ImportRun) -> dict[int, Reasons]:
    """The reasons of each bad line by its number, in the order of the file."""
    found = json.loads(run.bad_lines) if run.bad_lines else {}
    return {int(number): [(message, params) for message, params in reasons] for number, reasons in found.items()}


def problem_to_json(problem: InvalidFile | list[Problem]) -> str:
    """The text kept in ``ImportRun.problem``: why a run did not do what it should."""
    lines = problem.lines if isinstance(problem, InvalidFile) else problem
    return json.dumps(lines[:200], ensure_ascii=False)


def problems_of(run: ImportRun) -> list[Problem]:
    """Why the run did not do what it should; line 0 stands for the whole."""
    return [(number, message, params) for number, message, params in json.loads(run.problem or "[]")]


@dataclass(frozen=True, slots=True)
class Shown:
    """The first lines as they will stand, and what a person should know of the file."""

    lines: list[Line]
    encoding: str = ""
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    hidden_sheets: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def preview_to_json(table: Table, mapping: Mapping, outcome: Outcome) -> str:
    """The text kept in ``ImportRun.preview``."""
    return json.dumps(
        {
            "lines": [[line.number, line.values] for line in outcome.shown],
            "encoding": table.encoding,
            "sheet": table.sheet,
            "other_sheets": table.other_sheets,
            "hidden_sheets": table.hidden_sheets,
            "ignored": [heading for heading in table.headings if not mapping.columns.get(heading)],
        },
        ensure_ascii=False,
    )


def preview_of(run: ImportRun) -> Shown:
    """What the check kept of the file."""
    found: dict[str, Any] = json.loads(run.preview or "{}")
    lines = [Line(number, values) for number, values in found.pop("lines", [])]
    rest: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Shown(lines, **rest)


def actor_of(user_id: int | None, name: str) -> Actor:
    """Who runs what a person (or, without an id, a part of the program) asked for, with the roles of today."""
    if user_id is None:
        return system(name)
    roles = frozenset(row.role for row in UserRole.select().where(UserRole.user == user_id))
    return Actor(user_id, name, roles, permissions_of(roles), None)
