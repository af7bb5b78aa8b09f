"""From written notes to played ones."""
