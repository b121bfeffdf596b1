"""EVC monitoring: intake, evaluation, alarms; knows nothing of MQTT."""
