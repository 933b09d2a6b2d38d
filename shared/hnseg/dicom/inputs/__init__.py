"""Inputs of a challenge from a folder of DICOM files: which series fills which socket, and the images that it gets."""
