"""The tabs of the page, each with its layout and what it does."""
