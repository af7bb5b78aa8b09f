"""After the synthesis: loudness, true peaks, mastering, seams of loops."""
