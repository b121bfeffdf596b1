"""The catalogue of parts as a table: a known number is changed, twice is once, all or nothing; taken back."""

from decimal import Decimal
from functools import partial

from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core.import_runs import ImportKind
from app.imports import operations
from app.imports.work import Worker
from app.parts.models import Part, PartModel, Supplier
from tests import factories, money_factories, taking_in
from tests.personas import make_user, sign_in

take_in = partial(taking_in.take_in, ImportKind.PARTS)
reasons = partial(taking_in.reasons, ImportKind.PARTS)
TABLE = "配件编号,配件名称,供应商,易损件,含税单价,成本价\nHX-250,回油滤芯,长河液压,是,350.00,210\nGB/T3452,O 形圈,长河液压,否,¥3.50,\n"


def test_it_works(database: Database) -> None:
    done = take_in(TABLE)
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    part = Part.get(Part.number == "HX-250")
    assert (part.name, part.is_wear, part.price, part.cost, part.supplier.name) == ("回油滤芯", True, 350, 210, "长河液压")
    assert Supplier.select().count() == 1


def test_twice_is_once_and_a_known_number_is_changed(database: Database) -> None:
    take_in(TABLE)
    again = take_in(TABLE)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    changed = take_in("number,price\nHX-250,360\n")
    assert (changed.added, changed.changed) == (0, 1)
    part = Part.get(Part.number == "HX-250")
    assert (part.price, part.name, part.cost) == (360, "回油滤芯", 210)


def test_models_of_the_range_are_named(database: Database) -> None:
    model = factories.machine().model
    take_in(f"number,name,models\nA1,油泵,{model.name}\n")
    assert PartModel.get().model == model
    assert reasons("number,name,models\nA2,油泵,没有的机型\n")


def test_one_bad_line_refuses_the_whole_file(database: Database) -> None:
    bad = "number,name,is_wear,warranty_months\nA1,油泵,,\nA1,油泵,,\nA2,,,\nA3,x,也许,\nA4,x,,9999\n"
    assert {line for line, _words in reasons(bad)} == {3, 4, 5, 6}
    assert not Part.select().exists()


def test_an_import_is_taken_back(database: Database) -> None:
    part = money_factories.part(number="HX-250", name="滤芯", price=Decimal("300.00"))
    run = taking_in.imported(ImportKind.PARTS, TABLE)
    operations.ask_undo(by=taking_in.BY, run=run, version=run.version)
    assert Worker("tests").work_on(run.id)
    assert [row.number for row in Part.select()] == ["HX-250"]
    back = Part.get_by_id(part.id)
    assert (back.name, back.price, back.supplier_id, back.is_wear) == ("滤芯", Decimal("300.00"), None, False)
    assert not Supplier.select().exists()


def test_the_export_can_be_taken_in_again(sqlite_database: Database, client: FlaskClient) -> None:
    model = factories.machine().model
    take_in(TABLE)
    PartModel.create(part=Part.get(), model=model)
    exported = sign_in(client, make_user(Role.CLERK)).get("/parts.csv").data
    again = take_in(exported)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
