"""A vision-language model as the eye: what it must answer, and how its answer becomes a scene."""
