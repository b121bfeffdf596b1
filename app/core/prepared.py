"""Queries whose SQL is built once: putting a query together costs several times what running it does."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from peewee import SQL, ModelSelect

from app.core.db import database


@dataclass(frozen=True, slots=True)
class _Place:
    """Stands in the parameters where a value will stand."""

    number: int


class Prepared:
    """The query that ``build(place, …)`` makes of as many places as it has arguments.

    The values given later are those of the database: ids, strings, milliseconds.
    """

    def __init__(self, build: Callable[..., ModelSelect]) -> None:
        self._build = build
        self._compiled: dict[type, tuple[ModelSelect, str, list[Any]]] = {}

    def rows(self, *values: Any) -> list[Any]:
        """The rows with ``values`` in the places."""
        query, sql, params = self._compile()
        given = [values[param.number] if isinstance(param, _Place) else param for param in params]
        return list(query._get_cursor_wrapper(database.execute_sql(sql, given)))

    def first(self, *values: Any) -> Any | None:
        """The first row, None without one."""
        return next(iter(self.rows(*values)), None)

    def _compile(self) -> tuple[ModelSelect, str, list[Any]]:
        backend = type(database.obj)
        if backend not in self._compiled:
            places = [SQL(database.param, [_Place(number)]) for number in range(len(signature(self._build).parameters))]
            query = self._build(*places)
            self._compiled[backend] = (query, *query.sql())
        return self._compiled[backend]
