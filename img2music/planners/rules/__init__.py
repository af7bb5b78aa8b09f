"""A plan by rules: from cues and feeling to form, band, tempo and motif."""
