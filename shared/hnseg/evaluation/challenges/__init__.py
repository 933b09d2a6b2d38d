"""Each challenge's own score, one module a challenge, named like its folder."""
