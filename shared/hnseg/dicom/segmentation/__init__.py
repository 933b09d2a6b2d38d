"""Segmentations (SEG): label maps and maps of fractions as images of DICOM, on the slices of a series."""
