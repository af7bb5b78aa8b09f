"""A piece as a video: its picture, or its score that follows, with its sound."""
