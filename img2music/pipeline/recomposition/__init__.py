"""A piece made anew, all but what is kept of it."""
