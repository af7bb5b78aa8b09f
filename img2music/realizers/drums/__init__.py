"""Drums: recorded grooves, step patterns and hand percussion."""
