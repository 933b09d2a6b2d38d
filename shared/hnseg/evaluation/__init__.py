"""How good label maps are: overlap, distance of surfaces, each challenge's own score, rankings, tables."""
