"""Importing registers and history on screen: upload, mapping, preview, progress, undo."""
