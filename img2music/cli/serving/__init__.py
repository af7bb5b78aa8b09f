"""The verbs that serve: the page for a browser, and the calls for an assistant."""
