from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from hnseg.cohort.report.rendering import address_of, environment, in_ml, in_mm, in_time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.004, "0.00 s"), (9.994, "9.99 s"), (9.996, "10.0 s"), (59.96, "1 min 00 s"),
     (3599.9, "1 h 00 min"), (86400, "24 h 00 min")],
)  # fmt: skip
def test_a_time_has_as_many_digits_as_are_worth_reading(seconds, text):
    assert in_time(seconds) == text


def test_what_is_not_known_is_a_dash():
    assert in_time(None) == in_mm(None) == "-"


def test_a_small_volume_keeps_its_digits():
    assert in_ml(0.0123) == "0.012"


@pytest.mark.parametrize("name", ["a b", "50%", "a#b?c", '"<&>', "ä/ü", "a:b", "\udce4"])
def test_an_address_leads_to_the_file_whatever_its_name(name):
    page = "file:///data/out/index.html"
    target = urlsplit(urljoin(page, address_of(Path("/data/out") / name, seen_from=Path("/data/out"))))
    assert (target.scheme, target.query, target.fragment) == ("file", "", "")
    assert unquote(target.path, errors="surrogateescape") == f"/data/out/{name}"


def test_every_text_of_a_template_is_escaped():
    assert environment().from_string("{{ name }}").render(name="<b>&") == "&lt;b&gt;&amp;"
