"""Pages of reports: the environment of their templates, the look that they share, and a summary to paste."""
