"""Rehearsal of a submission: the real image under the platform's rules, on this machine, before the upload."""
