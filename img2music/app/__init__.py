"""The page (extra `demo`) and the server for assistants (extra `mcp`): one visitor's work, what is drawn of it, and the calls of programs."""
