"""DICOM series and structure sets: the only package that knows DICOM's elements.

Containers do not carry it: their inputs and outputs are single image files.
"""
