"""How edits are done: plans edited in place, plans as text, pieces made again from them, and what is said of it."""
