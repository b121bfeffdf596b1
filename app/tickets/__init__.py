"""Tickets: from the first report of a fault to its end."""
