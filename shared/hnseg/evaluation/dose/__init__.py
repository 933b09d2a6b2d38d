"""Dose painting: the prescription, its dose against volume, the record and the picture."""
