"""The yardstick of the intake: a plain paho consumer that parses, inserts in batches with FULL commits, and acknowledges.

``python -m tests.benchmarks.bare_consumer HOST PORT USER PASSWORD CLIENT_ID DATABASE`` runs until it is ended.
It knows no duplicates, no rejects, no gaps and no alarms.
"""

import json
import queue
import sys
import time

import cysqlite
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

BATCH = 500
SESSION_EXPIRY_S = 3600


def open_database(path: str) -> cysqlite.Connection:
    """One table of raw messages, WAL with FULL commits as the product's."""
    connection = cysqlite.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = full")
    connection.execute("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, topic TEXT, at INTEGER, seq INTEGER, payload BLOB)")
    return connection


def main(host: str, port: str, user: str, password: str, client_id: str, path: str) -> None:
    """Consume until ended."""
    arrived: queue.Queue[paho.MQTTMessage] = queue.Queue()
    connection = open_database(path)
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True)
    client.username_pw_set(user, password)
    client.on_connect = lambda client, *_: client.subscribe([("evc/+/telemetry", 1), ("evc/+/fault", 1), ("evc/+/state", 1)])
    client.on_message = lambda _client, _userdata, message: arrived.put(message)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = 2_000
    client.connect(host, int(port), 30, clean_start=False, properties=properties)
    client.loop_start()
    while True:
        batch = [arrived.get()]
        while len(batch) < BATCH and not arrived.empty():
            batch.append(arrived.get_nowait())
        rows = []
        for message in batch:
            body = json.loads(message.payload)
            rows.append((message.topic, body.get("ts", int(time.time() * 1000)), body.get("seq"), message.payload))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO message (topic, at, seq, payload) VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        for message in batch:
            client.ack(message.mid, message.qos)


if __name__ == "__main__":
    main(*sys.argv[1:])
