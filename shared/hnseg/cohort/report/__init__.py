"""Report of a cohort: a table for programs, a page to look at, and a page a case with its pictures."""
