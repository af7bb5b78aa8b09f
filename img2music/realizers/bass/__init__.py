"""The bass: lines in the rhythm of the style, patterns, and a walking bass by rule."""
