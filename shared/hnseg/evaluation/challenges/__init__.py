"""One module a challenge, named as the challenge's folder: how the challenge itself scores.

Each has a function `score(pairs: Iterable[Pair]) -> ScoreReport`; `hnseg.evaluation.scoring` finds it by name.
"""
