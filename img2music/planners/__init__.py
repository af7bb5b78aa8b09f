"""From what was seen and asked to a composition without notes."""
