"""Notes that a language model writes as ABC: asked for, found, checked, repaired and completed."""
