"""Measurements of written notes: tunes, voice leading, form, descriptors."""
