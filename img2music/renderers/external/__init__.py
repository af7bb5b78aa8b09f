"""Programs in environments of their own, asked over pipes: what can't share this one's packages. Their side imports nothing of img2music."""
