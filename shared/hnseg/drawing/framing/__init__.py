"""Framing of pictures: which slices and planes are drawn, and which part of them, cropped to the body."""
