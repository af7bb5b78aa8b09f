"""How a piece is likely to feel, estimated from its notes."""
