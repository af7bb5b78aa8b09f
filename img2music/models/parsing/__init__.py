"""From what a model says to checked values: JSON as models write it, numbers and music as they spell them."""
