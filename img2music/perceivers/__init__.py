"""Stages that see: a decoded picture becomes cues and musical suggestions."""
