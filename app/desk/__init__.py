"""Pages that bring capabilities together; panels rendered on the server, no rules."""
