"""PET and CT of a patient as channels of a network: the PET judged, laid on the CT, around the head and neck."""
