"""Pages to look at: the score engraved, the piano roll drawn."""
