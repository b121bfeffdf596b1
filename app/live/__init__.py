"""The stream of the board: a small process that renders each change once for all who see the same, and sends it to them (monitoring §6)."""
