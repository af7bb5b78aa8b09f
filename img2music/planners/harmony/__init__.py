"""Harmony of a plan: progressions from statistics, cadences, phrases, and what is written after the triads."""
