"""Work of a study on a variant: one image perturbed, the case run as its container runs it, and the result scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import SimpleITK as sitk

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.references import REFERENCE
from hnseg.cohort.flags import Flag
from hnseg.cohort.work import Facts, Work, WorkReference
from hnseg.errors import InputError, MemoryShortError
from hnseg.evaluation.files.pairs import Pair
from hnseg.imaging.files.output_files import write_image
from hnseg.imaging.files.reading import read_grid, read_volume
from hnseg.platform.challenge import load_challenge
from hnseg.platform.input_files import InputFiles
from hnseg.platform.reading import read_image
from hnseg.platform.spec import ChallengeSpec
from hnseg.platform.writing import FILE_NAME, withdraw_output, write_empty
from hnseg.printable import printable
from hnseg.records import Frozen
from hnseg.robustness.perturbations.images import PerturbationRecord, Request, perturb_image
from hnseg.robustness.perturbations.scale import Units
from hnseg.robustness.perturbations.settings import AS_PUBLISHED, Settings
from hnseg.robustness.scores.record import BASELINE, Variant
from hnseg.robustness.scores.scores_csv import as_csv
from hnseg.robustness.study.describing import describe_structures
from hnseg.robustness.study.images import StudyImage, images_of
from hnseg.robustness.study.scoring import Descriptors, score_variant
from hnseg.robustness.study.variants import CaseVariant

SCORES_FILE, PERTURBATION_FILE = "scores.csv", "perturbation.json"
"""Files of a variant beside the container's outputs: its scores, and what was drawn."""
REFUSAL = "refusal"
"""Fact of a variant whose perturbed image the container refused: the sentence it refused it with."""


class Perturbing(Frozen):
    """Choices of all perturbations of a study."""

    seed: int = 0
    """Number that changes all draws."""
    units: Units = "normalised"
    """Scale of the strengths."""
    settings: Settings = AS_PUBLISHED
    """Choices that are not drawn."""

    def request(self, variant: CaseVariant, image: StudyImage) -> Request:
        """Return the perturbation of a variant that is not the baseline."""
        return Request(
            kind=variant.kind,
            severity=variant.severity,
            case=variant.case,
            modality=image.modality,
            seed=self.seed,
            units=self.units,
            settings=self.settings,
        )


def study_work(
    container_dir: Path, inner: WorkReference, perturbing: Perturbing, *, edition: str = ""
) -> WorkReference:
    """Describe the work of a study.

    Its cases are those of `hnseg.robustness.study.variants`, each with its reference among its images.

    Args:
        container_dir: Folder of the challenge.
        inner: Work of the challenge on a case, see `hnseg.cohort.challenge_work`.
        perturbing: Choices of all perturbations.
        edition: Edition of the challenge; empty for its latest.
    """
    chosen = perturbing.model_dump(mode="json")
    return WorkReference(
        loader=f"{__name__}:load",
        parameters={
            "container_dir": str(container_dir.absolute()),
            "edition": edition,
            "inner": inner.model_dump(mode="json"),
            "perturbing": chosen,
        },
        identity={"inner": inner.sha256, "perturbing": chosen},
    )


def load(*, container_dir: str, edition: str, inner: Mapping[str, Any], perturbing: Mapping[str, Any]) -> Work:
    """Load the challenge and its ensemble, once for all variants; the parameters are those that `study_work` gives.

    Raises:
        HnsegError: The challenge, the model, the device or the backend can't be used.
    """
    spec = load_challenge(Path(container_dir), edition).spec
    return _StudyWork(spec, WorkReference.model_validate(inner).load(), Perturbing.model_validate(perturbing))


@dataclass(frozen=True)
class _StudyWork:
    """Work with what it keeps between variants."""

    spec: ChallengeSpec
    inner: Work
    perturbing: Perturbing

    def __call__(self, case: CohortCase, folder: Path) -> Facts:
        """Run a variant, write its scores and what was drawn, and return the facts of its run."""
        variant = CaseVariant.named(case.name)
        with self._perturbed(variant, _without_reference(case.inputs), folder) as inputs:
            facts = self._run(case.model_copy(update={"inputs": inputs}), folder)
        pair = Pair(
            variant.case,
            read_volume(self._label_map(folder), title="label map"),
            read_volume(case.inputs.images[REFERENCE], title=f"reference of {variant.case}"),
        )
        described = self._described(case.inputs, pair.reference) if variant.is_baseline else {}
        labels, refused = self.spec.output.labels, REFUSAL in facts
        records = score_variant(pair, self._scored(variant), labels, described, refused=refused)
        (folder / SCORES_FILE).write_text(as_csv(records), encoding="utf-8")
        return facts

    def _run(self, case: CohortCase, folder: Path) -> Facts:
        """Run a variant; an image that the container refuses gives an empty label map, as the platform may be told."""
        try:
            return self.inner(case, folder)
        except InputError as error:
            if isinstance(error, MemoryShortError) or CaseVariant.named(case.name).is_baseline:
                raise
            withdraw_output(self.spec, folder)
            reference = case.inputs.images[self.spec.output.on_grid_of]
            write_empty(self.spec, read_grid(reference, title="reference image"), folder)
            return _refusal_facts(error)

    @contextmanager
    def _perturbed(self, variant: CaseVariant, inputs: InputFiles, folder: Path) -> Iterator[InputFiles]:
        """Yield the files of a case with one of them perturbed, which is there until the end."""
        if variant.is_baseline:
            yield inputs
            return
        image = images_of(self.spec)[variant.slug]
        scan = read_image(image.socket, inputs.images[variant.slug], inside=inputs.inside)
        perturbed, record = perturb_image(scan, self.perturbing.request(variant, image))
        del scan
        (folder / PERTURBATION_FILE).write_text(_as_json(record), encoding="utf-8")
        with TemporaryDirectory(prefix=".", dir=folder) as aside:
            path = Path(aside, f"{variant.slug}.mha")
            write_image(perturbed, path)
            del perturbed
            yield inputs.model_copy(update={"images": {**inputs.images, variant.slug: path}, "inside": None})

    def _label_map(self, folder: Path) -> Path:
        return folder / self.spec.output.relative_path / FILE_NAME

    def _scored(self, variant: CaseVariant) -> Variant:
        """Return a variant as the scores name it."""
        if variant.is_baseline:
            return BASELINE
        return Variant(images_of(self.spec)[variant.slug].title, variant.kind, variant.severity)

    def _described(self, inputs: InputFiles, reference: sitk.Image) -> Descriptors:
        """Return the descriptors of a case's reference."""
        images = {
            image.title: read_image(image.socket, inputs.images[slug], inside=inputs.inside)
            for slug, image in images_of(self.spec).items()
            if slug in inputs.images
        }
        return describe_structures(reference, images, self.spec.output.labels)


def _refusal_facts(error: InputError) -> dict[str, Any]:
    """Return the facts of a variant whose image the container refused, with a flag that says why."""
    sentence = printable(str(error))
    return {REFUSAL: sentence, "flags": [Flag(kind="refused", sentence=sentence).model_dump()]}


def _without_reference(inputs: InputFiles) -> InputFiles:
    images = {slug: path for slug, path in inputs.images.items() if slug != REFERENCE}
    return inputs.model_copy(update={"images": images})


def _as_json(record: PerturbationRecord) -> str:
    return record.model_dump_json(indent=2) + "\n"
