"""How good label maps are: overlap, each challenge's own score, tables."""
