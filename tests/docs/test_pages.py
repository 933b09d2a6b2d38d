"""Markdown pages: links lead somewhere, modules they name exist, and the frozen names are all listed."""

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
from pydantic import BaseModel

from hnseg.cohort.state.status import CaseStatus, FileStamp
from hnseg.evaluation.dose.volumes import DoseReport, DoseVolume
from hnseg.evaluation.ranking.borda.report import BordaReport
from hnseg.evaluation.ranking.report import RankingReport
from hnseg.evaluation.report import ScoreReport
from hnseg.imaging.structures import StructureMeasures
from hnseg.inference.model.manifest import Manifest
from hnseg.rehearsal.results import CaseResult, Rehearsal

ROOT = Path(__file__).parents[2]
FOLDERS = ("", "docs", "benchmarks", "test_data", "training", "containers/*")
PAGES = sorted(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/*.md".lstrip("/")))
FORMATS = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def without_code(page):
    """Return a page's text without its blocks of code, in which # is no heading."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors_of(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EACH_PAGE
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@EACH_PAGE
def test_every_name_with_dots_that_a_page_mentions_exists(page):
    for name in re.findall(r"`(hnseg(?:_training)?\.[a-z_0-9.]+)`", without_code(page)):
        assert resolve_name(name) is not None


@pytest.mark.parametrize(
    "model",
    [
        Manifest,
        CaseStatus,
        FileStamp,
        StructureMeasures,
        DoseReport,
        DoseVolume,
        Rehearsal,
        CaseResult,
        ScoreReport,
        RankingReport,
        BordaReport,
    ],
)
def test_every_frozen_key_is_listed(model: type[BaseModel]):
    missing = [key for key in model.model_fields if not re.search(rf"[`.]{key}\b", FORMATS)]
    assert missing == []


def test_every_environment_variable_of_the_code_is_listed():
    sources = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "containers").rglob("*.py"), ROOT / "docker-compose.yml"]
    used = {name for path in sources for name in re.findall(r"HNSEG_[A-Z_]+", path.read_text(encoding="utf-8"))}
    assert used >= {"HNSEG_CHALLENGE", "HNSEG_LIMIT_S"}
    assert {name for name in used if f"`{name}`" not in FORMATS} == set()
