"""Scores of a study of robustness: the variants of a case, a score for each, and the file that holds them."""
