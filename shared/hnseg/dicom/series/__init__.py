"""Series of images in DICOM files: which files belong to one, and the grid of their pixels."""
