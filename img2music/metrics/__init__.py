"""Measurements: of files as written (compliance) and of notes (symbolic)."""
