"""The body of a synthetic patient: shapes, tissues, organs, tumours, and their deformation."""
