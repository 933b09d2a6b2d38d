"""Dose against volume of a prescription: its table, its record and its picture."""
