"""Models of a challenge's answers beside the label map: how they are fitted, and the table of patients."""
