"""State of a cohort in files: statuses, outputs, and who may write them."""
