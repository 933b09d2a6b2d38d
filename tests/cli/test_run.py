"""`hnseg run`: one case as the container runs it, in this process."""

import pytest
import typer

from hnseg import entrypoint
from hnseg.cli import run
from tests.support.small_challenges import HECKTOR, HNTS_MRG


@pytest.fixture
def started(monkeypatch):
    """Collect what the entry point is started with."""
    calls = []
    monkeypatch.setattr(entrypoint, "run", lambda challenge, argv, **_: calls.append((challenge, argv)) or 7)
    return calls


def command(container_dir, **options):
    with pytest.raises(typer.Exit) as ended:
        run.command(container_dir, input_dir="in", output_dir="out", model_dirs=["model", "other"], **options)
    return ended.value.exit_code


def test_the_status_is_that_of_the_container_program(started):
    assert command(HNTS_MRG.container_dir) == 7
    ((challenge, argv),) = started
    assert challenge.spec.name == "hnts_mrg"
    assert argv[:8] == ["--input", "in", "--output", "out", "--model", "model", "--model", "other"]


def test_options_are_passed_on_and_a_limit_that_is_not_given_is_the_challenges(started):
    command(HNTS_MRG.container_dir, device="cpu", skip="air", precision="fast", backend="torch", checkpoint="best")
    command(HNTS_MRG.container_dir, limit_s=12.5)
    (_, first), (_, second) = started
    networks = ["--device", "cpu", "--precision", "fast", "--backend", "torch"]
    assert first[8:] == [*networks, "--checkpoint", "best", "--skip", "air"]
    assert second[-2:] == ["--limit-s", "12.5"]


@pytest.mark.parametrize(("edition", "limit_s"), [("2025", 600), ("2026", 1500)])
def test_an_edition_is_chosen_by_name(started, edition, limit_s):
    command(HECKTOR.container_dir, edition=edition)
    assert started[0][0].spec.limits.time_s == limit_s
