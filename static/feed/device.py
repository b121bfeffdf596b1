"""A device in Python, with paho-mqtt 2: nothing is forgotten before the portal has said that it is stored.

Usage: device.py HOST PORT DEVICE [PASSWORD]      (the device code is also the user name)
"""

import json
import secrets
import sys
import threading
import time

import paho.mqtt.client as mqtt

host, port, device, password = (*sys.argv[1:], "")[:4]
boot, seq = secrets.token_hex(4), 0
kept = {}  # number -> (kind, payload): a real device keeps these on flash
faults = set()
is_stored = threading.Event()


def say(kind, **fields):
    """Number a message, keep it, send it."""
    global seq
    kept[seq] = kind, json.dumps({"ts": int(time.time() * 1000), "boot": boot, "seq": seq, **fields})
    publish(seq)
    seq += 1


def publish(number):
    kind, payload = kept[number]
    return client.publish(f"evc/{device}/{kind}", payload, qos=1, retain=kind == "state")


def fault(code, active, **more):
    """A fault is said once when it comes and once when it goes."""
    (faults.add if active else faults.discard)(code)
    say("fault", code=code, active=active, **more)


def on_connect(client, _data, _flags, reason, _properties):
    if reason.is_failure:
        raise SystemExit(f"refused: {reason}")
    client.subscribe(f"evc/{device}/ack", qos=1)
    if seq == 0:
        say("state", online=True, firmware="1.0", faults=sorted(faults))
    else:  # the same boot, connected again: what is not stored yet goes out again under its old numbers
        for number in sorted(kept):
            publish(number)


def on_message(_client, _data, message):
    """The receipt: what is stored may be forgotten, what is missing is sent again."""
    receipt = json.loads(message.payload)
    if receipt["boot"] != boot:
        return
    missing = {number for first, last in receipt["missing"] for number in range(first, last + 1)}
    for number in sorted(kept):
        if number in missing:
            publish(number)
        elif number <= receipt["upto"]:
            del kept[number]
    if not kept:
        is_stored.set()


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=device, protocol=mqtt.MQTTv5)
if password:
    client.username_pw_set(device, password)
client.will_set(f"evc/{device}/state", json.dumps({"online": False}), qos=1, retain=True)
client.on_connect, client.on_message = on_connect, on_message
client.connect(host, int(port), keepalive=30)
client.loop_start()

while seq == 0:  # until the birth is out
    time.sleep(0.05)
say("telemetry", metrics={"oil_temp": 61.2, "sys_pressure": 14.5, "mode": "auto"})
fault("E04", True, value=76.1, text="oil temperature high")
fault("E04", False)
print("stored" if is_stored.wait(10) else f"not receipted: {sorted(kept)}")
client.disconnect()
client.loop_stop()
