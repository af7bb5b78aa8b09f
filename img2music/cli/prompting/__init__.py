"""The verbs about prompts: list, show, copy, try."""
