"""Compliance: was what was asked for also written? Read back from the files."""
