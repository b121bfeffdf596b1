"""The file on paper: nothing missing, and for the customer nothing that is not theirs."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from peewee import Database
from pypdf import PdfReader

from app.accounts.models import Role
from app.core import db, pdf
from app.core.errors import Unavailable
from app.machine_files import paper
from app.machine_files.timeline import SHOWN
from app.machines.models import Machine, MachineMove
from app.tickets.models import TicketNote
from tests import factories
from tests.conftest import need
from tests.machine_files import world
from tests.machine_files.world import AT
from tests.personas import make_user, sign_in


def has_pango() -> bool:
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What stands on paper does not depend on the database; the timeline's own tests ask both."""
    return sqlite_database


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    """Every entry of every source appears on paper, however many there are."""
    full = world.full()
    with db.transaction():
        for number in range(3 * SHOWN):
            TicketNote.create(ticket=full.ticket, at=AT + timedelta(seconds=number % 5), by_name="x", text=f"more {number}.")
    page = clerk.get(f"/machines/{full.machine.serial}/print").text
    assert [word for word in full.words.values() if word not in page] == []
    assert [number for number in range(3 * SHOWN) if f"more {number}." not in page] == []
    assert page.count("<tr id=") == len(world.SOURCES) + 3 * SHOWN + 1 + 3 + 1  # another attachment, milestones, an opening


def test_the_customer_gets_no_notes_costs_or_complaints(clerk: FlaskClient) -> None:
    full = world.full()
    inside = clerk.get(f"/machines/{full.machine.serial}/print").text
    assert "¥1,234.56" in inside
    outside = clerk.get(f"/machines/{full.machine.serial}/print?for=customer").text
    for word in ("WORDNOTE", "WORDINTERNAL", "WORDMEASURE", "WORDBEFORE", "WORDMOVED", "¥1,234.56"):
        assert word in inside
        assert word not in outside
    for word in ("WORDOPENED", "WORDRESOLVED", "WORDDOCUMENT", "WORDATTACHED"):
        assert word in outside


def test_what_was_before_the_present_customer_is_not_for_them(clerk: FlaskClient) -> None:
    machine, before = factories.machine(), factories.customer()
    for title, owner, days in (("WORDOLD", before, 100), ("WORDLATE", before, 10), ("WORDNEW", machine.customer, 5)):
        world.indexed(factories.ticket(machine=machine, customer=owner, title=title, opened_at=world.now_minus(days)))
    with db.transaction():
        MachineMove.create(machine=machine, at=world.now_minus(50), from_customer=before, to_customer=machine.customer, by_name="x")
        MachineMove.create(
            machine=machine, at=world.now_minus(2), from_customer=machine.customer, to_customer=machine.customer, by_name="x"
        )
    page = clerk.get(f"/machines/{machine.serial}/print?for=customer").text
    assert "WORDOLD" not in page
    assert "WORDLATE" not in page, "a ticket of the customer before stays with that customer"
    assert "WORDNEW" in page, "a move between sites of one customer changes nothing"
    assert "WORDOLD" in clerk.get(f"/machines/{machine.serial}/print").text


def test_a_period_is_said_and_kept_by_the_link_to_the_pdf(clerk: FlaskClient) -> None:
    full = world.full()
    page = clerk.get(f"/machines/{full.machine.serial}/print?for=customer&from=2026-03-01").text
    assert f'href="/machines/{full.machine.serial}.pdf?for=customer&amp;from=2026-03-01"' in page
    assert "WORDPAST" not in page


@pytest.mark.slow
def test_the_pdf_says_the_same(clerk: FlaskClient) -> None:
    need(has_pango(), "Pango")
    full = world.full(serial="YJ-2026-001")
    answer = clerk.get("/machines/YJ-2026-001.pdf")
    assert answer.mimetype == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    reader = PdfReader(io.BytesIO(answer.data))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert [word for word in full.words.values() if word not in text] == []
    assert "1 / " in text
    outside = PdfReader(io.BytesIO(clerk.get("/machines/YJ-2026-001.pdf?for=customer").data))
    assert "WORDNOTE" not in "".join(page.extract_text() for page in outside.pages)


def test_a_file_too_long_for_one_pdf_is_refused_in_words(clerk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    full = world.full()
    monkeypatch.setattr(paper, "MOST_IN_PDF", 5)
    assert clerk.get(f"/machines/{full.machine.serial}.pdf").status_code == 422


@pytest.mark.slow
def test_the_child_reads_nothing_but_what_it_was_given(tmp_path: Path) -> None:
    need(has_pango(), "Pango")
    secret, given = tmp_path / "secret.png", tmp_path / "given.png"
    for path in (secret, given):
        path.write_bytes(factories.picture())
    html = f'<p>Text</p><img src="{secret.as_uri()}"><img src="http://127.0.0.1:1/x.png"><img src="/given">'
    made = PdfReader(io.BytesIO(pdf.make(html, styles="", files={"/given": given})))
    assert len(made.pages[0].images) == 1
    assert "Text" in made.pages[0].extract_text()


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable):
        pdf.make("<p>x</p>", styles="", time_limit_s=0.01)


def test_without_the_library_it_says_so(clerk: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A WeasyPrint that finds no Pango raises OSError when it is imported."""
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')", encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    machine = factories.machine()
    answer = clerk.get(f"/machines/{machine.serial}.pdf")
    assert answer.status_code == 503
    assert "Pango" in answer.text
    assert clerk.get(f"/machines/{machine.serial}/print").status_code == 200


def test_one_pdf_at_a_time_so_that_the_portal_keeps_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TURN_WITHIN_S", 0.01)
    with pdf._turn, pytest.raises(Unavailable):
        pdf.make("<p>x</p>", styles="")


# --- labels -------------------------------------------------------------------


def test_labels_are_those_of_the_list(clerk: FlaskClient) -> None:
    chosen, other = (factories.machine(qr_token=letter * 22) for letter in "ab")
    page = clerk.get(f"/machines/labels?customer={chosen.customer_id}").text
    assert f'src="/machines/{chosen.serial}/qr.svg"' in page
    assert other.serial not in page
    assert other.serial in clerk.get(f"/machines/labels?serial={chosen.serial}&serial={other.serial}").text


def test_a_machine_without_a_code_gets_one_when_asked_for(clerk: FlaskClient) -> None:
    machine = factories.machine(qr_token=None)
    path = f"/machines/labels?serial={machine.serial}"
    assert "/qr.svg" not in clerk.get(path).text
    assert Machine.get().qr_token is None, "reading changes nothing"
    assert clerk.post(path).status_code == 303
    assert f"/machines/{machine.serial}/qr.svg" in clerk.get(path).text


@pytest.mark.slow
def test_a_sheet_holds_24_labels(clerk: FlaskClient) -> None:
    need(has_pango(), "Pango")
    model = factories.machine_model()
    for number in range(25):
        factories.machine(model=model, qr_token=f"{number:022d}")
    answer = clerk.get(f"/machines/labels.pdf?model={model.id}")
    assert len(PdfReader(io.BytesIO(answer.data)).pages) == 2


def test_labels_of_another_area_are_not_made(client: FlaskClient) -> None:
    machine = factories.machine(qr_token="c" * 22)
    sign_in(client, make_user(Role.TECHNICIAN))
    assert machine.serial not in client.get(f"/machines/labels?serial={machine.serial}").text.partition("<main")[2]
