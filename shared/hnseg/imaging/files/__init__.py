"""Image files: which formats are read, damage that a reader would not report, and the one reader of volumes."""
