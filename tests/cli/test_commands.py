"""``flask users`` and the imports, through the commands as the shell gives them: what they do, print and refuse."""

import csv
import io
import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.accounts import passwords, queries
from app.accounts.models import Role, User, UserSession
from app.core import db, history
from app.core.types import system
from app.customers.models import Customer
from app.customers.operations import CustomerDetails, create_customer
from app.machines.models import DeviceProfile, Machine
from tests.personas import make_area, make_user, sign_in

CREATE = ("users", "create", "chen", "--name", "陈文员", "--role", "clerk")
PROFILE = "profile: p1\nname: {zh: 站, en: Station}\ncodes: {E1: {name: {zh: 一, en: One}, severity: low}}\n"
CUSTOMERS = "name,kind\n甲公司,企业\n乙局,机关事业单位\n"
MACHINES = "serial,model,device,customer,accepted_on\nS1,YS-10,D1,甲公司,2026-01-31\n"


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def customers_file(tmp_path: Path) -> Path:
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS, encoding="utf8")
    return file


def last_action() -> tuple[str, str]:
    entry = history.HistoryEntry.select().order_by(history.HistoryEntry.id.desc()).first()
    return entry.actor_name, entry.action


def test_it_works(runner: FlaskCliRunner) -> None:
    make_area("North")
    done = runner.invoke(
        args=["users", "create", "chen", "--name", "陈文员", "--role", "clerk", "--role", "deputy", "--area", "North", "--json"]
    )
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    user = queries.user_named("chen")
    assert passwords.matches(made["password"], user.password_hash)
    assert user.must_change_password
    assert queries.roles_of(user.id) == [Role.CLERK, Role.DEPUTY]
    assert [area.name for area in queries.areas_of(user.id)] == ["North"]
    assert last_action() == ("command line", "user.create")


def test_a_password_that_was_given_is_not_printed(runner: FlaskCliRunner) -> None:
    secret = "a quiet river at night"
    done = runner.invoke(args=[*CREATE, "--password", secret])
    assert done.exit_code == 0, done.output
    assert secret not in done.output
    assert passwords.matches(secret, queries.user_named("chen").password_hash)


def test_a_password_may_be_asked_for(runner: FlaskCliRunner) -> None:
    secret = "a quiet river at night"
    done = runner.invoke(
        args=["users", "create", "chen", "--name", "陈", "--role", "clerk", "--password", "-"], input=f"{secret}\n{secret}\n"
    )
    assert done.exit_code == 0, done.output
    assert passwords.matches(secret, queries.user_named("chen").password_hash)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chen", "--name", "陈", "--role", "clerk", "--area", "nowhere"], "There is no such area."),
        (["chen", "--name", "陈", "--role", "clerk", "--password", "short"], "password: "),
        (["Chen Wen", "--name", "陈", "--role", "clerk"], "username: "),
    ],
)
def test_a_refusal_says_why_and_leaves_nothing(runner: FlaskCliRunner, arguments: list[str], words: str) -> None:
    refused = runner.invoke(args=["users", "create", *arguments])
    assert refused.exit_code == 1
    assert words in refused.stderr
    assert User.select().count() == 0


def test_an_unknown_role_is_a_wrong_call(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["users", "create", "chen", "--name", "陈", "--role", "king"]).exit_code == 2


def test_a_new_password_ends_the_sessions(runner: FlaskCliRunner, app: Flask) -> None:
    user = make_user(Role.CLERK, username="chen")
    sign_in(app.test_client(), user)
    done = runner.invoke(args=["users", "set-password", "chen", "--json"])
    assert passwords.matches(json.loads(done.stdout)["password"], queries.user_named("chen").password_hash)
    assert UserSession.get().revoked_at is not None


def test_who_is_disabled_is_out_at_once(runner: FlaskCliRunner, app: Flask) -> None:
    client = sign_in(app.test_client(), make_user(Role.CLERK, username="chen"))
    assert client.get("/account").status_code == 200
    assert runner.invoke(args=["users", "disable", "chen"]).exit_code == 0
    assert client.get("/account").status_code == 303
    again = runner.invoke(args=["users", "disable", "chen"])
    assert (again.exit_code, "Someone else has changed this user" in again.stderr) == (1, True)


def test_somebody_who_is_not_there_cannot_be_disabled(runner: FlaskCliRunner) -> None:
    refused = runner.invoke(args=["users", "disable", "nobody"])
    assert (refused.exit_code, refused.stderr.strip()) == (1, "There is no such user.")


def test_the_last_administrator_stays(runner: FlaskCliRunner) -> None:
    make_user(Role.ADMIN, username="root")
    assert runner.invoke(args=["users", "disable", "root"]).exit_code == 1
    assert queries.user_named("root").is_active


def test_customers_come_in_and_a_second_time_change_nothing(runner: FlaskCliRunner, customers_file: Path) -> None:
    first, second = (json.loads(runner.invoke(args=["customers", "import", str(customers_file), "--json"]).stdout) for _ in range(2))
    assert (first["added"], second["added"], second["unchanged"]) == (2, 0, 2)
    assert Customer.select().count() == 2


def test_a_dry_run_says_what_would_happen_and_does_nothing(runner: FlaskCliRunner, customers_file: Path) -> None:
    said = json.loads(runner.invoke(args=["customers", "import", str(customers_file), "--dry-run", "--json"]).stdout)
    assert (said["dry_run"], said["added"]) == (True, 2)
    assert Customer.select().count() == 0


def test_a_bad_line_refuses_the_whole_file_by_its_number(runner: FlaskCliRunner, customers_file: Path) -> None:
    customers_file.write_text(CUSTOMERS + "丙公司,nonsense\n", encoding="utf8")
    refused = runner.invoke(args=["customers", "import", str(customers_file)])
    assert refused.exit_code == 1
    assert "line 4: " in refused.stderr
    assert Customer.select().count() == 0


def test_bad_lines_can_be_left_in_a_file_with_their_reasons(runner: FlaskCliRunner, customers_file: Path) -> None:
    customers_file.write_text(CUSTOMERS + "丙公司,nonsense\n", encoding="utf8")
    done = json.loads(runner.invoke(args=["customers", "import", str(customers_file), "--skip-bad-lines", "--json"]).stdout)
    assert (done["added"], done["bad"]) == (2, 1)
    _headings, *left = csv.reader(io.StringIO(Path(done["bad_lines_file"]).read_text("utf-8-sig")))
    assert [(row[0], "丙公司" in row) for row in left] == [("4", True)]
    assert any("nonsense" not in cell and len(cell.split()) > 2 for cell in left[0]), "the reason stands in words"


def test_machines_come_in_with_their_customers(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "machines.csv"
    file.write_text(MACHINES, encoding="utf8")
    done = runner.invoke(args=["machines", "import", str(file), "--json"])
    assert json.loads(done.stdout)["added"] == 1
    machine = Machine.get()
    assert (machine.serial, machine.device, machine.customer.name) == ("S1", "D1", "甲公司")


def test_a_file_that_is_not_there_is_a_wrong_call(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["machines", "import", "/nowhere.csv"]).exit_code == 2


def test_a_profile_comes_in_and_out_as_it_was(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file, copy = tmp_path / "p1.yaml", tmp_path / "copy.yaml"
    file.write_text(PROFILE, encoding="utf8")
    done = json.loads(runner.invoke(args=["profiles", "import", str(file), "--json"]).stdout)
    assert done == {"profile": "p1", "version": 1, "changed": True}
    assert runner.invoke(args=["profiles", "export", "p1", str(copy)]).exit_code == 0
    assert copy.read_text("utf8") == PROFILE


@pytest.mark.parametrize(("content", "words"), [(b"profile: [", "line "), (b"\xff\xfe\xfa", "The file is not UTF-8 text.")])
def test_a_bad_profile_is_refused_in_words(runner: FlaskCliRunner, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "p1.yaml"
    file.write_bytes(content)
    before = DeviceProfile.select().count()
    refused = runner.invoke(args=["profiles", "import", str(file)])
    assert refused.exit_code == 1
    assert words in refused.stderr
    assert DeviceProfile.select().count() == before


def test_a_profile_is_checked_without_being_stored(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file, before = tmp_path / "p1.yaml", DeviceProfile.select().count()
    file.write_text(PROFILE + "suppress: [{parent: E8, children: [E9]}]\n", encoding="utf8")
    seen = runner.invoke(args=["profiles", "check", str(file), "--json"])
    assert seen.exit_code == 0
    assert (json.loads(seen.stdout)["profile"], json.loads(seen.stdout)["remarks"]) == ("p1", 2)
    assert "The code E8 is not described" in seen.stderr
    file.write_text(PROFILE + "foo: 1\n", encoding="utf8")
    refused = runner.invoke(args=["profiles", "check", str(file)])
    assert refused.exit_code == 1
    assert f"line {PROFILE.count(chr(10)) + 1}: " in refused.stderr
    assert DeviceProfile.select().count() == before


def test_search_documents_that_got_lost_are_named_and_rebuilt(runner: FlaskCliRunner) -> None:
    create_customer(by=system("tests"), details=CustomerDetails(name="中山机械厂"))
    assert runner.invoke(args=["search", "rebuild", "--check"]).output == "complete\n"
    with db.transaction():
        db.database.execute_sql("DELETE FROM customer_search")
    seen = runner.invoke(args=["search", "rebuild", "--check", "--json"])
    assert seen.exit_code == 1
    assert json.loads(seen.stdout)["complete"] is False
    assert runner.invoke(args=["db", "check"]).exit_code == 1
    rebuilt = runner.invoke(args=["search", "rebuild", "--json"])
    assert {"index": "customer_search", "documents": 1} in json.loads(rebuilt.stdout)
    assert runner.invoke(args=["search", "rebuild", "--check"]).exit_code == 0
