import json
from datetime import datetime, timezone

import pytest

from hnseg.selftest.results import Row, SelfTest


def result_of(*states):
    rows = tuple(Row(name=f"check {n}", state=state, found="Found.", cure="Cure.") for n, state in enumerate(states))
    created = datetime(2026, 1, 2, tzinfo=timezone.utc)
    return SelfTest(version="1", created=created, device="cuda", model="untrained ensembles", rows=rows)


@pytest.mark.parametrize(
    ("states", "usable", "verdict"),
    [
        (("right", "measured", "absent"), True, "Usable (cuda): every check is right."),
        (("right", "warning"), True, "Usable (cuda): no check is wrong. Look at: check 1."),
        (("right", "wrong", "wrong"), False, "NOT usable (cuda). check 1: Found. Cure. check 2: Found. Cure."),
    ],
)
def test_the_verdict_names_what_is_wrong_with_its_cure(states, usable, verdict):
    result = result_of(*states)
    assert result.is_usable is usable
    assert result.verdict == verdict


def test_the_verdict_is_in_the_json_file():
    assert json.loads(result_of("wrong").model_dump_json())["is_usable"] is False
