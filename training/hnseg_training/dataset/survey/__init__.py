"""Survey of public data before anything is converted: every problem of every patient, in one list."""
