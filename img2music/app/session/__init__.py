"""One visitor of the page: a picture, takes of it, edits, undo, and files to take away. Knows nothing of the page that shows them."""
