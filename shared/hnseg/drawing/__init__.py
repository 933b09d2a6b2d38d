"""Drawing of cases: slices with outlines, registrations, and the colours of labels, the same in every report."""
