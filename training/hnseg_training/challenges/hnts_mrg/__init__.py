"""HNTS-MRG 2024 task 2: from the published data to a data set."""
