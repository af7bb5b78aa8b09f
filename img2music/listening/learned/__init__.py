"""Ears that were trained: beats by BeatNet, words for a sound by MusiCNN. Plain onnxruntime; no torch."""
