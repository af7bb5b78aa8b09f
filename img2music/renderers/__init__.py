"""Renderers: a performance becomes sound (synthesis by a soundfont, then mastering)."""
