"""What several verbs share: options, the console, completion, and what is said about a piece or a scene."""
