"""5,485 real maintenance orders of five excavators.

Data: University of Western Australia, Hodkiewicz and Ho 2016; published with NIST's Nestor.
"""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.core import history
from app.machines.models import Machine
from app.tickets.models import PastWork, Ticket

SOURCE = Path(__file__).parents[3] / "shared" / "data" / "excavators" / "excavators.csv"
MAP = "BscStartDate=date,Asset=machine,OriginalShorttext=text,PMType=type,Cost=cost"
BROKEN_LINE = 3454

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not SOURCE.exists(), reason="../shared/data is not there")]


@pytest.fixture
def excavators(tmp_path: Path) -> Path:
    return Path(shutil.copy(SOURCE, tmp_path / "excavators.csv"))


def take_in(app: Flask, file: Path, *options: str) -> Result:
    arguments = ["tickets", "import", str(file), "--create-machines", "--map", MAP, *options]
    return app.test_cli_runner().invoke(args=arguments)


def test_it_works(app: Flask, excavators: Path) -> None:
    done = take_in(app, excavators, "--skip-bad-lines", "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["lines"], said["added"], said["bad"]) == (0, 5485, 5484, 1)
    assert f"line {BROKEN_LINE}: " in done.stderr
    assert f"\n{BROKEN_LINE}," in Path(said["bad_lines_file"]).read_text("utf-8-sig")
    assert Ticket.select().where(~Ticket.is_open).count() == PastWork.select().count() == 5484
    assert sorted(machine.serial for machine in Machine.select()) == list("ABCDE")
    assert Ticket.select().join(Machine).where(Machine.serial == "D").count() == 2374
    again = json.loads(take_in(app, excavators, "--skip-bad-lines", "--json").stdout)
    assert (again["added"], again["unchanged"], Ticket.select().count()) == (0, 5484, 5484)
    assert history.verify().problem is None


def test_without_leaving_out_the_broken_line_nothing_comes_in(app: Flask, excavators: Path) -> None:
    refused = take_in(app, excavators)
    assert refused.exit_code == 1
    assert f"line {BROKEN_LINE}: " in refused.stderr
    assert not Ticket.select().exists()
    assert not Machine.select().exists()
