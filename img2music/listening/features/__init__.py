"""What the ears work on: sound at one rate, its spectra, where something begins, which pitch classes sound."""
