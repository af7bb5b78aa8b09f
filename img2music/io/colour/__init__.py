"""Colours of files and of the eye: which space a file is in, the way to sRGB, and OKLab. Pictures are opened by `img2music.io.pictures`."""
