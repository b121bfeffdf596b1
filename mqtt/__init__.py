"""The EVC adapter: MQTT in, ``app.monitoring`` behind it. Only this package imports paho."""
