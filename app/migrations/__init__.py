"""Numbered migrations with frozen models; they never import the app's models."""
