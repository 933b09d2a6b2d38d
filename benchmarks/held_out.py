"""Score ensembles on synthetic patients they never saw, through the whole pipeline, as in the container.

    hnseg phantom hnts_mrg --cases 20 --seed 9000 --output held_out
    python benchmarks/held_out.py hnts_mrg held_out "five folds"=test_data/hnts_mrg/model

    hnseg phantom han_seg --cases 10 --seed 9000 --output held_out
    python benchmarks/held_out.py han_seg held_out "five folds"=test_data/han_seg/model

    hnseg phantom hecktor --cases 20 --seed 9000 --output held_out
    python benchmarks/held_out.py hecktor held_out "five folds"=test_data/hecktor/model

HNTS-MRG's ensembles stand beside copying the registered pre-RT mask; HaN-Seg's see each patient three times: with the
MR registered to the CT, without it, and with it laid on the CT by its header alone; HECKTOR's see each with and without
the PET, beside the rule of 41 % of the largest uptake, which is told where the lesions are. Tables are markdown; --json
keeps the scores.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk
from threshold import threshold

from hnseg.cohort.challenge_work import challenge_work
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.loop import run_cohort
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import Rules, score_folder
from hnseg.evaluation.tables import Table
from hnseg.inference.model.bundle import open_bundle
from hnseg.platform.challenge import load_challenge
from hnseg.platform.input_files import InputFiles

ROOT = Path(__file__).parents[1]

Draw = Callable[[sitk.Image, sitk.Image], sitk.Image]


@dataclass(frozen=True)
class Way:
    """A way to segment the same patients.

    Attributes:
        without: The input socket that is left out, by its slug.
        settings: Of the method, over those that the model was trained with.
    """

    without: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What an ensemble of a challenge is compared with.

    Attributes:
        ways: By what the table calls them.
        copied: An input socket whose label map is scored as if it were a prediction, by what the table calls it.
        drawn: What makes a label map of an input socket's image and the reference, with that socket, likewise.
        edition: Of the challenge's rules; None for its latest.
    """

    ways: Mapping[str, Way] = field(default_factory=lambda: {"": Way()})
    copied: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, tuple[Draw, str]] = field(default_factory=dict)
    edition: str | None = None


COMPARISONS = {
    "hnts_mrg": Comparison(copied={"copy of the registered mask": "registered-pre-rt-head-neck-segmentation"}),
    "han_seg": Comparison(
        ways={
            "CT and MR": Way(),
            "CT only": Way(without="t1-mri"),
            "CT and unregistered MR": Way(settings={"alignment": "none"}),
        }
    ),
    "hecktor": Comparison(
        ways={"CT and PET": Way(), "CT only": Way(without="pet-image")},
        drawn={"41 % of the largest SUV, told where": (threshold, "pet-image")},
        edition="2022",
    ),
}


def main() -> int:
    """Segment, score and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenge", choices=sorted(COMPARISONS))
    parser.add_argument("cases", type=Path, help="folder of hnseg phantom's cases")
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL_DIR")
    parser.add_argument("--json", type=Path, help="folder for the scores of each row")
    parser.add_argument("--workers", type=int, default=1, help="cases at a time (default: %(default)s)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reports = scored(given.challenge, sorted(given.cases.glob("case_*")), given.models, Path(folder), given.workers)
    if given.json:
        given.json.mkdir(parents=True, exist_ok=True)
        for name, report in reports.items():
            (given.json / f"{name}.json").write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    print("\n\n".join(table.as_markdown() for table in tables_of(reports)))
    return 0


def scored(name: str, cases: list[Path], models: list[str], work: Path, workers: int) -> dict[str, ScoreReport]:
    """Return the scores by row: what is copied, then every model in every way."""
    challenge, comparison = load_challenge(ROOT / "containers" / name), COMPARISONS[name]
    output = challenge.spec.output.relative_path
    references = collect(cases, f"expected/{output}", work / "references")
    rules = Rules(edition=comparison.edition)
    reports = {}
    for row, slug in comparison.copied.items():
        copies = collect(cases, f"input/{challenge.spec.input(slug).relative_path}", work / row)
        reports[row] = score_folder(name, copies, references, rules)
    for row, (draw, slug) in comparison.drawn.items():
        images = collect(cases, f"input/{challenge.spec.input(slug).relative_path}", work / slug)
        reports[row] = score_folder(name, drawn(draw, images, references, work / row), references, rules)
    for model, folder in (argument.split("=", 1) for argument in models):
        for title, way in comparison.ways.items():
            row = ", ".join(filter(None, (model, title)))
            predictions = segment(name, cases, Path(folder), way, work / row, workers)
            reports[row] = score_folder(name, predictions, references, rules)
            print(f"{row}: {reports[row].score:.3f}", file=sys.stderr)
    return reports


def collect(cases: list[Path], inside: str, target: Path) -> Path:
    """Copy the one image that each case holds in a folder to `target`, named by its case."""
    target.mkdir()
    for case in cases:
        (image,) = (case / inside).iterdir()
        shutil.copy(image, target / f"{case.name}.mha")
    return target


def drawn(draw: Draw, images: Path, references: Path, target: Path) -> Path:
    """Write what is drawn from each image and its reference to `target`."""
    target.mkdir()
    for path in sorted(images.iterdir()):
        label_map = draw(sitk.ReadImage(str(path)), sitk.ReadImage(str(references / path.name)))
        sitk.WriteImage(label_map, str(target / path.name))
    return target


def segment(name: str, cases: list[Path], model_dir: Path, way: Way, target: Path, workers: int) -> Path:
    """Run the pipeline on each case in one way, as a cohort, and gather the label maps in `target`."""
    spec, runs = load_challenge(ROOT / "containers" / name).spec, target.with_name(f"{target.name}, runs")
    found = [case for folder in cases for case in find_cohort(folder, spec).cases]
    kept = [case.model_copy(update={"inputs": without(case.inputs, way.without)}) for case in found]
    work = challenge_work(
        ROOT / "containers" / name, open_bundle(model_dir), limit_s=math.inf, settings_override=way.settings
    )
    store = CaseStore(runs)
    failed = run_cohort(kept, work, store, RunSettings(workers=workers), say=lambda _: None).failed
    if failed and (status := store.status(failed[0])):
        sys.exit(f"{target.name}, {failed[0]} failed: {status.reason}")
    target.mkdir()
    for case in kept:
        (image,) = (runs / case.name / spec.output.relative_path).iterdir()
        shutil.move(image, target / f"{case.name}.mha")
    return target


def without(inputs: InputFiles, slug: str) -> InputFiles:
    """Return a case's files without that of a socket."""
    return inputs.model_copy(update={"images": {key: path for key, path in inputs.images.items() if key != slug}})


def tables_of(reports: Mapping[str, ScoreReport]) -> list[Table]:
    """Return one table with a row a report; where the challenge sums organs up, and one with a row an organ."""
    first = next(iter(reports.values()))
    held_out = f"{len(first.cases)} held-out cases"
    if not first.overall:
        headings = (held_out, *(f"DSCagg {name}" for name in first.structures), "mean")
        return [Table(headings, tuple(_aggregated(row, report) for row, report in reports.items()))]
    summary = Table((held_out, "DSC", "HD95, mm"), tuple((row, *_overall(of)) for row, of in reports.items()))
    cells = {organ: [_of_organ(of.structures[organ]) for of in reports.values()] for organ in first.structures}
    each = tuple((organ, *(cell for pair in pairs for cell in pair)) for organ, pairs in cells.items())
    columns = tuple(f"{row}: {metric}" for row in reports for metric in ("DSC", "HD95, mm"))
    return [summary, Table(("organ", *columns), each)]


def _aggregated(row: str, report: ScoreReport) -> tuple[str, ...]:
    values = [of["aggregated_dsc"] for of in report.structures.values()]
    return (row, *(f"{value:.3f}" for value in (*values, report.score)))


def _overall(report: ScoreReport) -> tuple[str, str]:
    of = report.overall
    return (
        f"{of['mean_dsc']:.3f} ± {of['sd_dsc']:.3f}",
        f"{of['mean_hd95_mm']:.1f} ± {of['sd_hd95_mm']:.1f}",
    )


def _of_organ(metrics: Mapping[str, Any]) -> tuple[str, str]:
    hd95_mm = metrics["mean_hd95_mm"]
    return f"{metrics['mean_dsc']:.3f}", "-" if hd95_mm is None else f"{hd95_mm:.1f}"


if __name__ == "__main__":
    sys.exit(main())
