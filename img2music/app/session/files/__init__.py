"""The files of a visit: sound as a page plays it, files to take away, and the folder that holds them."""
