"""Exports: what a challenge's run left, in the formats that hospitals and viewers read."""
