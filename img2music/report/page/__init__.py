"""The report as one HTML page, and what its parts are made of."""
