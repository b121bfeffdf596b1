"""What the tests of conventions share."""

import pytest

from app.core import pdf


@pytest.fixture
def empty_pdfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """PDFs come without a page: each takes a second to make, and what stands in them is the matter of their own tests."""
    monkeypatch.setattr(pdf, "make", lambda html, **_: b"%PDF-1.7")
