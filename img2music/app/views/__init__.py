"""What the page draws: documents as small dictionaries that JSON can hold. Every function says what it returns; none knows the page."""
