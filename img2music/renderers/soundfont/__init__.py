"""Sound from a soundfont: the font, the synthesizers, the mix."""
