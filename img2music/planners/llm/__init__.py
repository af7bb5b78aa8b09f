"""A language model as the planner: what it must answer, and how its answer becomes a plan that keeps every promise."""
