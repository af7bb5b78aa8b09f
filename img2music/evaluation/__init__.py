"""Measuring many results: scores, ratings by people, means with intervals; the prompt workbench is the first to use them."""
