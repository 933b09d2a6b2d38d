"""Models of a challenge's answers beside the label map: fitting, and the released table of patients."""
