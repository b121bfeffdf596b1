"""Silence: terminals that are late, then lost, and a feed that brings nothing at all (monitoring §3)."""
