"""Measuring many results: means and intervals, paired comparisons, records, people's ratings, traits; the prompt workbench uses them."""
