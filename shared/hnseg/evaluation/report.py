"""What scoring gives back: values whose names are the keys of the JSON file, and stay as they are.

```
challenge                    the challenge's name
score                        the number the challenge ranks by
score_name                   what that number is
options.edition              by which of the challenge's rules, a key for each choice that its score has; else empty
structures.GTVp.<metric>     one structure over all cases
overall.<metric>             all structures together, where the challenge sums them up, and what a score is made of
cases[].name                 the case
cases[].structures.GTVp.<metric>
cases[].notes[]              what was done to the case's files before they could be compared, a sentence each
notes[]                      what there is to say of the score as a whole, a sentence each
```

Metrics bear their unit in their name; those without one are fractions from 0 to 1, or counts. A value that is not
defined (0/0) is null, and so is one that is infinite: the distance of an empty prediction.
"""

from __future__ import annotations

from pydantic import Field

from hnseg.records import Frozen, MaybeNumber

Metrics = dict[str, MaybeNumber]
"""Values by the metric's name."""


class CaseScore(Frozen):
    """The values of one case."""

    name: str
    structures: dict[str, Metrics]
    notes: tuple[str, ...] = ()


class ScoreReport(Frozen):
    """The values of a set of predictions, as the challenge computes them."""

    challenge: str
    score: MaybeNumber
    score_name: str
    options: dict[str, str] = Field(default_factory=dict)
    structures: dict[str, Metrics]
    overall: Metrics = Field(default_factory=dict)
    cases: tuple[CaseScore, ...]
    notes: tuple[str, ...] = ()
