"""Pipelines of diffusers that make sound, each told by a table which of its arguments takes what the score says."""
