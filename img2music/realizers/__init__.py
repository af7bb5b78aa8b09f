"""From a plan to written notes."""
