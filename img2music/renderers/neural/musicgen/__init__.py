"""MusicGen by transformers: text, and of some weights our exact chroma, to sound."""
