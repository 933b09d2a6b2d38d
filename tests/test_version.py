"""Version of the distribution: one place, and all that quote it."""

import re
from importlib.metadata import version

import hnseg
from hnseg.version import __version__
from tests.support.small_challenges import ROOT


def test_the_package_and_its_metadata_have_it():
    assert hnseg.__version__ == __version__ == version("hnseg")


def test_the_citation_and_the_changelog_have_it():
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    assert released[0] == __version__
