"""Container of recurrence volumes: where, on a planning PET/CT with its GTV, the tumour is likely to come back."""
