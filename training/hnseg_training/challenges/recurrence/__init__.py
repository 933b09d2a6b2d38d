"""Recurrence volumes: from planning PET/CT, GTV and outlined recurrences to a data set."""
