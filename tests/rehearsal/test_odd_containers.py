"""Containers that are odd but mean no harm: the rehearsal says of each what the platform would.

The table is in `tests/support/odd`; docs/odd_containers.md is written from it.
"""

import pytest

from tests.support.odd.container import NO_SENTENCE, PASSES
from tests.support.odd.page import ODD

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def said(written):
    """Return the platform's sentence in a report, or the words for its absence."""
    if written["passed"]:
        return PASSES
    findings = [*written["findings"], *(finding for case in written["cases"] for finding in case["findings"])]
    first = next(finding for finding in findings if finding["severity"] == "failure")
    return first["platform_says"] or NO_SENTENCE


def warnings(written):
    findings = [*written["findings"], *(finding for case in written["cases"] for finding in case["findings"])]
    return " ".join(finding["explanation"] for finding in findings if finding["severity"] == "warning")


@pytest.mark.parametrize("name", ODD)
def test_the_rehearsal_says_what_the_table_says(make_image, rehearsed, name):
    odd = ODD[name]
    written = rehearsed(make_image(*odd.lines, user=odd.user), odd.text, *odd.options, cases=odd.cases)
    assert said(written) == odd.rehearsal
    assert odd.warns in warnings(written)
