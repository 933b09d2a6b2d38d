"""Scores of each challenge by its own rules: one module a challenge, named as the challenge.

Each has a function `score(pairs: Iterable[Pair]) -> ScoreReport`. A challenge whose score leaves choices open, such as
the edition of its rules, also has a class `Options`, described in `hnseg.evaluation.options`, and its function is
`score(pairs, options)`. A challenge that ranks by numbers over all cases may have `RANKINGS`, a tuple of
`hnseg.evaluation.ranking.borda.counts.BordaMethod`. One whose segmentations are corrected by clicks has
`score_clicks(folder: Path) -> ClicksReport`, see `hnseg.evaluation.clicks.report`. One that puts methods side by side
has `compare_methods(cohort: Cohort, options) -> Comparison`, see `hnseg.evaluation.recurrence.comparison`.
`hnseg.discovery` finds the modules by name.
"""
