"""Structure sets (RTSTRUCT): contours of named structures on the slices of a series."""
