"""Survey of a folder of DICOM files: its series by number, what each is, and which belong together."""
