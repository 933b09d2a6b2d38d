"""Report of a score: values whose names are the keys of its JSON file, and stay as they are.

```
challenge                    name of the challenge
score                        number that the challenge ranks by
score_name                   name of that number
options.edition              edition of the rules; a key for each option of the challenge's score, none without options
structures.GTVp.<metric>     one structure over all cases
overall.<metric>             all structures together, where the challenge has such values, and the parts of the score
cases[].name                 name of the case
cases[].structures.GTVp.<metric>
cases[].notes[]              changes made to the case's files before the comparison, a sentence each
notes[]                      remarks on the score as a whole, a sentence each
```

Metrics bear their unit in their name; those without one are fractions from 0 to 1, or counts. An undefined value (0/0)
is null, and so is an infinite one: the distance of an empty prediction.
"""

from __future__ import annotations

from pydantic import Field

from hnseg.records import Frozen, MaybeNumber

Metrics = dict[str, MaybeNumber]
"""Values by the metric's name."""


class CaseScore(Frozen):
    """Values of one case, by structure and metric."""

    name: str
    structures: dict[str, Metrics]
    notes: tuple[str, ...] = ()


class ScoreReport(Frozen):
    """Values of a set of predictions, as the challenge computes them.

    >>> report = ScoreReport(challenge="c", score=float("nan"), score_name="mean DSC", structures={}, cases=())
    >>> report.model_dump_json(include={"score", "score_name"})
    '{"score":null,"score_name":"mean DSC"}'
    """

    challenge: str
    score: MaybeNumber
    score_name: str
    options: dict[str, str] = Field(default_factory=dict)
    structures: dict[str, Metrics]
    overall: Metrics = Field(default_factory=dict)
    cases: tuple[CaseScore, ...]
    notes: tuple[str, ...] = ()
