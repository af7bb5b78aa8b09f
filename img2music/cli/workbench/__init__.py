"""Verbs that try one thing against another."""
