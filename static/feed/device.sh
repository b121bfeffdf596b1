#!/bin/sh
# A device in shell, with mosquitto_pub: birth, one reading, one fault that comes and goes.
# Usage: device.sh HOST PORT DEVICE [PASSWORD]      (the device code is also the user name)
# A shell cannot leave a last will behind a connection that it does not keep; a device does, see device.py and device.c.
set -eu
host=$1 port=$2 device=$3 password=${4:-}
boot=$(date +%s)-$$
seq=0

say() { # KIND MORE-OPTIONS FIELDS
    mosquitto_pub -V mqttv5 -h "$host" -p "$port" ${password:+-u "$device" -P "$password"} -q 1 $2 \
        -t "evc/$device/$1" -m "{\"ts\":$(date +%s%3N),\"boot\":\"$boot\",\"seq\":$seq,$3}"
    seq=$((seq + 1))
}

say state -r '"online":true,"firmware":"1.0","faults":[]'
say telemetry "" '"metrics":{"oil_temp":61.2,"sys_pressure":14.5}'
say fault "" '"code":"E04","active":true,"value":76.1,"text":"oil temperature high"'
say fault "" '"code":"E04","active":false'
# What is stored of this boot, as the portal says it:
mosquitto_sub -V mqttv5 -h "$host" -p "$port" ${password:+-u "$device" -P "$password"} -q 1 -t "evc/$device/ack" -C 1 -W 5 || true
