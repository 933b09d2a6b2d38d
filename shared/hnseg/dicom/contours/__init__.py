"""Contours of structures in a plane: from a mask to polygons and back, in indices of pixels (x, y)."""
