"""The page of odd containers says what their test asserts."""

from tests.support.odd.page import ODD, PAGE, page


def test_the_page_is_written_from_the_table():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_difference_has_its_reason():
    assert not [name for name, odd in ODD.items() if odd.here and not odd.why]
