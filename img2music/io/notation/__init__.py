"""What a page shows, whatever the file: printed values bar by bar, clefs, places of drums, marks of tempo."""
