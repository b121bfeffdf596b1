import pytest

from mqtt import topics


def test_it_works():
    assert topics.read("evc/EC-17.b_2/telemetry", "evc") == ("EC-17.b_2", "telemetry")


@pytest.mark.parametrize("kind", topics.KINDS)
def test_every_kind_is_read_under_the_configured_root(kind):
    assert topics.read(f"plant/D1/{kind}", "plant") == ("D1", kind)
    assert topics.read(f"evc/D1/{kind}", "plant") == (None, None)


@pytest.mark.parametrize(
    "topic", ["", "evc", "evc/D1", "evc/D1/ack", "evc/D1/fault/more", "/evc/D1/fault", "evc/D1/Fault", "$SYS/D1/fault"]
)
def test_any_other_topic_is_unknown(topic):
    assert topics.read(topic, "evc") == (None, None)


@pytest.mark.parametrize("device", ["", "x" * 65, "a b", "设备", "a\0b", "D1\n", "a+b"])
def test_a_bad_device_code_is_told_from_an_unknown_topic(device):
    assert topics.read(f"evc/{device}/fault", "evc") == (None, "fault")


def test_exactly_three_filters_are_subscribed():
    assert topics.subscriptions("evc") == ["evc/+/telemetry", "evc/+/fault", "evc/+/state"]


def test_several_intakes_share_the_same_three():
    assert topics.subscriptions("evc", is_shared=True)[0] == "$share/customer-centre/evc/+/telemetry"
    assert len(topics.subscriptions("evc", is_shared=True)) == 3
