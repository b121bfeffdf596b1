"""Packets taken apart and put together by ourselves, beside what the client library writes and reads (MQTT 5.0, 3.3 and 3.4)."""

import socket

import paho.mqtt.client as paho
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from mqtt import packets
from mqtt.sockets import BufferedSocket


def test_it_works():
    written = packets.write_publish("evc/D1/ack", b"{}", 300, has_properties=True)
    start, end = packets.header(written, 0)
    assert end == len(written)
    found = packets.read_publish(written[0], written[start:end], has_properties=True)
    assert found == ("evc/D1/ack", b"{}", 300, 1, True, False)


@pytest.mark.parametrize("protocol", [paho.MQTTv311, paho.MQTTv5])
@pytest.mark.parametrize("payload", [b"", b"x" * 100, b"x" * 20_000, b"x" * 3_000_000])
@pytest.mark.parametrize("qos", [0, 1])
def test_what_the_client_library_writes_is_read(protocol, payload, qos):
    is_5 = protocol == paho.MQTTv5
    properties = None
    if is_5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = ("k", "v" * 200)  # longer than one byte can say
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=protocol)
    client._sock, sent = socket.socket(), []
    client._packet_queue = lambda command, packet, *_: sent.append(bytes(packet))
    client._send_publish(77, b"evc/D1/telemetry", payload, qos, True, True, properties=properties)
    written = sent[0]
    start, end = packets.header(written, 0)
    assert end == len(written)
    found = packets.read_publish(written[0], written[start:end], has_properties=is_5)
    assert found == ("evc/D1/telemetry", payload, 77 if qos else 0, qos, True, True)


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 70_000])
def test_what_is_written_has_its_length(size):
    written = packets.write_publish("t", b"x" * size, 1, has_properties=False)
    assert packets.header(written, 0)[1] == len(written)


def test_a_header_is_waited_for_and_a_malformed_one_refused():
    assert packets.header(b"\x30", 0) is None
    assert packets.header(b"\x30\xff\xff", 0) is None
    with pytest.raises(ValueError, match="length"):
        packets.header(b"\x30\xff\xff\xff\xff\x01", 0)


def test_an_acknowledgement_says_what_and_how():
    assert packets.read_puback(packets.write_puback(258)[2:]) == (258, 0)
    assert packets.read_puback(b"\x00\x07\x87") == (7, 0x87)


def test_packets_come_whole_however_the_network_cuts_them():
    here, there = socket.socketpair()
    here.setblocking(False)
    connection = BufferedSocket(here)
    sent = [packets.write_publish(f"t{number}", b"x" * number, 1, has_properties=True) for number in range(300)]
    stream, found = b"".join(sent), []
    for start in range(0, len(stream), 7):
        there.sendall(stream[start : start + 7])
        connection.fill()
        while (packet := connection.next_packet()) is not None:
            first, body, end = packet
            found.append(packets.read_publish(first, connection.take(body, end), has_properties=True).payload)
    assert found == [b"x" * number for number in range(300)]
    here.close()
    there.close()


def test_the_client_library_sees_only_the_packet_it_is_shown():
    here, there = socket.socketpair()
    here.setblocking(False)
    connection = BufferedSocket(here)
    there.sendall(b"\xd0\x00\x40\x02\x00\x01")
    connection.fill()
    with pytest.raises(BlockingIOError):
        connection.recv(1)
    connection.show(connection.next_packet()[2])
    assert connection.recv(100) == b"\xd0\x00"
    with pytest.raises(BlockingIOError):
        connection.recv(1)
    assert connection.next_packet()[0] >> 4 == packets.PUBACK
    here.close()
    there.close()
