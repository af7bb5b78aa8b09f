"""What the page is built of: its texts, its scripts and styles, the views they draw, and the messages that come back from them."""
