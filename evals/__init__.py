"""Studies of our own: how what the program knows was learned, what it costs, and how good it is."""
