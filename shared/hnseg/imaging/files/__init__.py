"""Image files: the formats, damage that ITK would not report, and the one reader of volumes."""
