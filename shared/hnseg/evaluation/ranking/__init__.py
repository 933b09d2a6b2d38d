"""Rankings of teams by a challenge's rules, with a bootstrap of how certain they are.

Terms used throughout: an *item* is one structure of one case, the unit the challenge compares; a *draw* is one
resampling of the cases for the bootstrap. Arrays are (metric, team, item) = (k, m, n); draws come first: (b, k, m).

Start with `ranking.rank_teams`.
"""
