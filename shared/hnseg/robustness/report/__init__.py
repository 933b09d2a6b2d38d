"""Report of a study: one page with box plots and maps, and the pictures for it."""
