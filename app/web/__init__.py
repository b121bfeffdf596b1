"""Plumbing with HTTP."""
