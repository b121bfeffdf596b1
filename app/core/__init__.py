"""Plumbing without HTTP, used by every process."""
