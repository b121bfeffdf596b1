"""The flask commands; each parses and calls one operation."""
