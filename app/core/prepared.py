"""Queries and writes whose SQL is built once: putting a query together costs several times what running it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Generic, TypeVar

from peewee import SQL, Insert, Model, ModelSelect, Query, Update

from app.core.db import database

Record = TypeVar("Record", bound=Model)


@dataclass(frozen=True, slots=True)
class _Place:
    """Stands in the parameters where a value will stand."""

    number: int


class _Built:
    """What ``build(place, …)`` makes of as many places as it has arguments, put into SQL once for each backend."""

    def __init__(self, build: Callable[..., Query], places: int | None = None) -> None:
        self._build = build
        self._places = len(signature(build).parameters) if places is None else places
        self._compiled: dict[type, tuple[Any, str, list[Any]]] = {}

    def _run(self, values: tuple[Any, ...]) -> tuple[Any, Any]:
        query, sql, params = self._compiled.get(type(database.obj)) or self._compile()
        given = [values[param.number] if isinstance(param, _Place) else param for param in params]
        return query, database.execute_sql(sql, given)

    def _compile(self) -> tuple[Any, str, list[Any]]:
        query = self._build(*(SQL(database.param, [_Place(number)]) for number in range(self._places)))
        if isinstance(query, Insert) and query._as_rowcount:
            query._returning = None  # peewee takes it away when it runs the query itself
        compiled = self._compiled[type(database.obj)] = (query, *query.sql())
        return compiled


class Prepared(_Built):
    """The query that ``build(place, …)`` makes of as many places as it has arguments, or of ``places``.

    The values given later are those of the database: ids, strings, milliseconds.
    """

    def __init__(self, build: Callable[..., ModelSelect], places: int | None = None) -> None:
        super().__init__(build, places)
        self._readers: dict[type, Callable[[Any], Any]] = {}

    def rows(self, *values: Any) -> list[Any]:
        """The rows with ``values`` in the places."""
        query, cursor = self._run(values)
        read = self._readers.get(type(database.obj)) or self._make_reader(query, cursor)
        return [read(row) for row in cursor.fetchall()]

    def _make_reader(self, query: Any, cursor: Any) -> Callable[[Any], Any]:
        """What makes a record of a row; which column goes where is the same each time, and costs more to find out than to use."""
        wrapper = query._get_cursor_wrapper(cursor)
        wrapper.initialize()
        wrapper.cursor = None  # is not kept with it
        read = self._readers[type(database.obj)] = wrapper.process_row
        return read

    def plain(self, *values: Any) -> list[tuple[Any, ...]]:
        """The rows as the database holds them: times are milliseconds, days are texts. For lists whose conversion would cost most."""
        _query, cursor = self._run(values)
        return list(cursor.fetchall())

    def first(self, *values: Any) -> Any | None:
        """The first row, None without one."""
        return next(iter(self.rows(*values)), None)


class PreparedWrite(_Built):
    """The insert, update or delete that ``build(place, …)`` makes, with the values of the database in the places.

    Fields that are not named get their model's default; defaults that are called for each row must not be among them.
    """

    def count(self, *values: Any) -> int:
        """Write; how many rows were written. An insert is built ``as_rowcount()`` for this."""
        _query, cursor = self._run(values)
        return database.rows_affected(cursor)

    def value(self, *values: Any) -> Any:
        """Write; the first column of what ``returning`` gives, None when no row was written."""
        _query, cursor = self._run(values)
        rows = cursor.fetchall()
        return rows[0][0] if rows else None


class PreparedUpdate:
    """An update of some fields of ``model``, which ones says each call; few sets of them ever change together.

    ``build`` gets the fields with the places of their values, then the places of what says which rows.
    """

    def __init__(self, model: type[Model], build: Callable[..., Update]) -> None:
        self._model = model
        self._update = build
        self._keys = len(signature(build).parameters) - 1
        self._built: dict[tuple[str, ...], PreparedWrite] = {}

    def count(self, changes: Mapping[str, Any], *keys: Any) -> int:
        """Write ``changes`` (values as the model has them) where ``keys`` say; how many rows were written."""
        names = tuple(changes)
        fields = self._model._meta.fields
        return self._of(names).count(*[fields[name].db_value(changes[name]) for name in names], *keys)

    def _of(self, names: tuple[str, ...]) -> PreparedWrite:
        if names not in self._built:
            self._built[names] = PreparedWrite(
                lambda *places: self._update(dict(zip(names, places, strict=False)), *places[len(names) :]), len(names) + self._keys
            )
        return self._built[names]


class PreparedInsert(_Built, Generic[Record]):
    """The insert of whole rows of ``model``, whose key the database gives."""

    def __init__(self, model: type[Record]) -> None:
        key = model._meta.primary_key
        self._fields = [field for field in model._meta.sorted_fields if field is not key]
        names = [field.name for field in self._fields]
        super().__init__(lambda *places: model.insert(dict(zip(names, places, strict=True))).returning(key), len(names))

    def add(self, row: Record) -> Record:
        """Write ``row``, which is new, and give it its id. Raises peewee's ``IntegrityError`` when a constraint refuses it."""
        given = row.__data__
        _query, cursor = self._run(tuple(field.db_value(given.get(field.name)) for field in self._fields))
        row._pk = cursor.fetchall()[0][0]
        row._dirty.clear()
        return row
