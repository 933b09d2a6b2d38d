import re

from hnseg.selftest.page import as_page
from tests.selftest.test_results import result_of


def test_the_page_has_every_row_and_the_verdict_and_needs_nothing_from_outside():
    page = as_page(result_of("right", "wrong", "absent"))
    assert page.count("<tr><td>") == 3
    assert "NOT usable (cuda)" in page
    assert not re.search(r"(?:src|href)=|url\(|https?://", page)
