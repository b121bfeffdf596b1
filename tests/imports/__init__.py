"""Imports: reading, running, taking back."""
