"""How complete a machine's file is (2E-23): the score never says 100 while something is missing."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.machines.completeness import Facts, FileItem, completeness
from app.machines.models import FormType
from app.machines.paperwork import EXPECTED

NOTHING = Facts(
    has_photo=False,
    has_customer=False,
    has_site=False,
    has_address=False,
    has_contact=False,
    has_terminal=False,
    shipped_on=None,
    accepted_on=None,
    forms=frozenset(),
)
DAY = date(2026, 3, 1)
facts = st.builds(
    Facts,
    shipped_on=st.sampled_from([None, DAY]),
    accepted_on=st.sampled_from([None, DAY]),
    forms=st.frozensets(st.sampled_from([one.form_type.value for one in EXPECTED])),
)


def test_it_works() -> None:
    found = completeness(NOTHING)
    assert found.percent == 0
    assert FileItem.CUSTOMER in found.items
    assert found.forms == ()


def test_a_delivered_machine_needs_its_pit_form_and_an_accepted_one_more() -> None:
    shipped = Facts(**{name: getattr(NOTHING, name) for name in Facts.__slots__} | {"shipped_on": DAY})
    assert completeness(shipped).forms == (FormType.PIT_GUIDANCE,)
    accepted = Facts(**{name: getattr(shipped, name) for name in Facts.__slots__} | {"accepted_on": DAY})
    assert FormType.DELIVERY_ACCEPTANCE in completeness(accepted).forms


def test_what_was_not_delivered_need_not_be_accepted() -> None:
    assert FileItem.ACCEPTED_ON not in completeness(NOTHING).items


@given(facts)
def test_100_means_that_nothing_is_missing(known: Facts) -> None:
    found = completeness(known)
    assert 0 <= found.percent <= 100
    assert (found.percent == 100) == found.is_whole


@given(facts)
def test_adding_what_is_missing_never_lowers_the_score(known: Facts) -> None:
    for form in completeness(known).forms:
        better = Facts(**{name: getattr(known, name) for name in Facts.__slots__} | {"forms": known.forms | {form.value}})
        assert completeness(better).percent >= completeness(known).percent
