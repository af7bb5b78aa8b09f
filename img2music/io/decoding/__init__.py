"""How a picture's bytes become pixels: one file a question. The door to all of it is `img2music.io.pictures`."""
