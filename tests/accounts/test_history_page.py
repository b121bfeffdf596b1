"""The history is told in words, found by person and action through an index, and exported as it is shown."""

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts import history_words, operations
from app.accounts.models import Role, User
from app.core import db, history
from app.core.history import HistoryEntry
from app.core.types import system
from tests.personas import actor_of, make_area, make_user, sign_in

APP = Path(operations.__file__).parent.parent


@pytest.fixture
def liu(database: Database) -> User:
    """The manager, who reads the history."""
    return make_user(Role.MANAGER, username="liu", name="刘经理")


@pytest.fixture
def reader(client: FlaskClient, liu: User) -> FlaskClient:
    return sign_in(client, liu)


def record_a_change() -> User:
    """An administrator moves a technician to another area."""
    admin = actor_of(make_user(Role.ADMIN, name="管理员"))
    north, south = make_area("North"), make_area("South")
    user = make_user(Role.TECHNICIAN, name="李师傅", areas=(north,))
    operations.change_user(by=admin, user_id=user.id, version=1, name=user.name, roles=[Role.DEPUTY], area_ids=[south.id])
    return user


def test_it_works(reader: FlaskClient) -> None:
    record_a_change()
    page = reader.get("/history?action=user.change").text
    assert "修改用户" in page
    assert "用户 李师傅" in page
    assert "区域：South" in page
    assert "岗位：技术副经理" in page
    assert "user.change</td>" not in page


def test_a_code_without_words_stands_for_itself(reader: FlaskClient) -> None:
    with db.transaction():
        history.record(system("older"), "thing.happened", "thing", "17", after={"colour": "<b>red</b>"})
    page = reader.get("/history").text
    assert "thing.happened" in page
    assert "thing 17" in page
    assert "colour：&lt;b&gt;red&lt;/b&gt;" in page


@pytest.mark.parametrize(("column", "value"), [("actor_id", 7), ("action", "sign_in")])
def test_person_and_action_are_found_through_an_index(sqlite_database: Database, column: str, value: object) -> None:
    query = HistoryEntry.select().where(getattr(HistoryEntry, column) == value).order_by(HistoryEntry.id.desc()).limit(51)
    plan = " ".join(row[-1] for row in sqlite_database.execute_sql(f"EXPLAIN QUERY PLAN {query.sql()[0]}", query.sql()[1]))
    assert f"USING INDEX history_entry_{column}_id" in plan
    assert "TEMP B-TREE" not in plan


def test_the_export_has_the_entries_of_the_list(reader: FlaskClient) -> None:
    user = record_a_change()
    text = reader.get("/history.csv?action=user.change").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["actor"], row["object_type"], row["object_id"]) for row in rows] == [("管理员", "user", str(user.id))]
    assert reader.get("/history.xlsx").data.startswith(b"PK")


def test_personal_values_in_an_export_are_those_that_are_still_kept(reader: FlaskClient) -> None:
    with db.transaction():
        history.record(system("test"), "user.create", "user", "5", personal={"name": "Wang"})
    assert '""name"": ""Wang""' in reader.get("/history.csv?type=user").text
    history.HistoryPersonal.delete().execute()
    assert "Wang" not in reader.get("/history.csv?type=user").text


def test_every_user_of_the_list_is_exported(client: FlaskClient, database: Database) -> None:
    admin = make_user(Role.ADMIN, username="root", name="=cmd()")
    make_user(Role.CLERK, Role.DEPUTY, username="chen", areas=(make_area("North"),))
    sign_in(client, admin)
    rows = list(csv.DictReader(io.StringIO(client.get("/users.csv?sort=-username").data.decode("utf-8-sig"))))
    assert [(row["username"], row["roles"], row["areas"]) for row in rows] == [("root", "admin", ""), ("chen", "clerk deputy", "North")]
    assert rows[0]["name"] == "'=cmd()"
    assert client.get("/users.xlsx").data.startswith(b"PK")
    assert client.get("/users.csv?sort=password_hash").status_code == 422


def test_every_action_that_is_recorded_has_words() -> None:
    recorded = {code for package in APP.iterdir() if package.is_dir() and package.name != "migrations" for code in _recorded(package)}
    assert len(recorded) > 150
    assert recorded - set(history_words.ACTIONS) == set()


def _recorded(package: Path) -> Iterator[str]:
    """The action codes of a package: those given to ``history.record``, and the verbs given to a place that puts a prefix before them."""
    trees = {path.stem: ast.parse(path.read_text("utf8")) for path in package.rglob("*.py")}
    shared: dict[str, str] = {}
    for tree in trees.values():
        shared |= {name: prefix for name, prefix in _prefixes(tree).items() if not name.startswith("_")}
    for module, tree in trees.items():
        prefixes = shared | _prefixes(tree)
        for call in _calls(tree):
            called, verb = ast.unparse(call.func), call.args[1]
            if not isinstance(verb, ast.Constant):
                continue
            if called == "history.record":
                yield verb.value
            elif (prefix := prefixes.get(called.rpartition(".")[2])) is not None:
                kind = _constant(call.args[2], module, trees) if "{kind}" in prefix else ""
                yield prefix.format(kind=kind, action=verb.value)


def _prefixes(tree: ast.Module) -> dict[str, str]:
    """The places of a file that put a prefix before every verb they are given: ``f"order.{action}"``."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {function.name: ast.unparse(call.args[1])[2:-1] for function in functions for call in _calls(function) if _is_prefixing(call)}


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > 1]


def _is_prefixing(call: ast.Call) -> bool:
    return (
        ast.unparse(call.func) == "history.record" and isinstance(call.args[1], ast.JoinedStr) and "{action}" in ast.unparse(call.args[1])
    )


def _constant(node: ast.expr, module: str, trees: dict[str, ast.Module]) -> str:
    """The value of a name such as ``KIND`` or ``orders.KIND``."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    place, _, name = ast.unparse(node).rpartition(".")
    values = (
        statement.value
        for statement in trees[place or module].body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name
    )
    return str(ast.literal_eval(next(values)))
