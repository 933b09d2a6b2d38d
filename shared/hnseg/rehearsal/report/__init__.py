"""Report of a rehearsal: one self-contained page with tables and pictures."""
