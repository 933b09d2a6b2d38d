"""Each challenge's own score: a module of the challenge's name.

Each has a function `score(pairs: Iterable[Pair]) -> ScoreReport`. One whose score leaves choices open, such as which
year's rules hold, has a class `Options` as well, and `score(pairs, options)`: `hnseg.evaluation.options` says how. One
that ranks by numbers over all cases may have `RANKINGS`, a tuple of
`hnseg.evaluation.ranking.borda.counts.BordaMethod`. `hnseg.discovery` finds them by name.
"""
