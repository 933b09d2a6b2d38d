"""Pipeline of every case, whatever the challenge: read, prepare, preview, predict, deliver. Read this first."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, cast

from hnseg.errors import ModelError, StoppedWithOutputError, TimeOverError
from hnseg.imaging.box import put_back
from hnseg.imaging.files.output_files import output_files
from hnseg.imaging.geometry import Grid
from hnseg.inference.further.asked import NO_FURTHER, FurtherMembers
from hnseg.inference.labelling.foreground import Foreground
from hnseg.inference.labelling.postprocessed import Postprocessed, postprocess
from hnseg.inference.labelling.uncertainty_files import folder_made, uncertainty_outputs, write_uncertainty
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.inference.model.structure_check import Scan, check_and_record
from hnseg.inference.planning.effort import FULL_EFFORT
from hnseg.inference.predictor import begin_prediction
from hnseg.platform.answers import NO_ANSWERS, Answers
from hnseg.platform.challenge import settings_in
from hnseg.platform.maps import ROUNDING
from hnseg.platform.reading import read_and_record
from hnseg.platform.writing import write_output

if TYPE_CHECKING:
    from pathlib import Path

    import SimpleITK as sitk
    from pydantic import BaseModel

    from hnseg.imaging.channels import Channels
    from hnseg.inference.ensemble import Predictor
    from hnseg.inference.labelling.uncertainty import Uncertainty
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.model.bundle_group import Model
    from hnseg.inference.planning.deadline import Deadline
    from hnseg.inference.planning.effort import Effort
    from hnseg.inference.prediction import PredictionResult
    from hnseg.inference.predictor import AnyPrediction
    from hnseg.platform.case import Case
    from hnseg.platform.challenge import AnsweringMethod, Challenge, InspectingMethod, ThresholdingMethod
    from hnseg.platform.input_files import InputFiles
    from hnseg.platform.maps import Maps
    from hnseg.platform.spec import ChallengeSpec
    from hnseg.provenance import Provenance

logger = logging.getLogger(__name__)

_ONE_HALF = 0.5  # the networks' own rule, for which the probability is not compared


def run_case(  # noqa: PLR0913 (a case's inputs, and its limits)
    challenge: Challenge,
    ensemble: Predictor,
    *,
    inputs: Path | InputFiles,
    output_dir: Path,
    deadline: Deadline,
    effort: Effort = FULL_EFFORT,
    provenance: Provenance,
    uncertainty_dir: Path | None = None,
    further: FurtherMembers = NO_FURTHER,
) -> None:
    """Segment one case, from the mounted sockets to checked output files.

    Args:
        challenge: Sockets and labels of the challenge, and the functions of its method.
        ensemble: Trained folds of one model or of several, loaded.
        inputs: Folder that holds the input sockets' folders and files, or the files by socket.
        output_dir: Folder that receives the output sockets' folders and files: all of them, or none. Where a case takes
            long, first those of a preview, which the final ones replace.
        deadline: Time by which the case must have ended.
        effort: Most that may be done.
        provenance: Record of what each step did, took and gave up; it is added to.
        uncertainty_dir: Folder that receives the ensemble's uncertainty, of the label map before the method's
            postprocessing and on the grid of its channels; see `hnseg.inference.labelling.uncertainty_files`. None for
            none. Where it does not fit into memory it is left out, with a note, and no file of it is written.
        further: Members that the uncertainty has beyond the folds.

    Raises:
        InputError: The case breaks what the challenge promises.
        ModelError: The ensemble doesn't fit the challenge's method or maps.
        OutputError: The label map, a map or an answer can't be written or would not be accepted.
        DeadlineError: The time ran out.
        StoppedWithOutputError: A signal stopped it, and the best label map so far was written.
    """
    bundle = ensemble.bundle
    settings = settings_in(challenge.method, bundle.settings, bundle.folder / METHOD_FILE)
    check_maps(challenge.spec, bundle)
    provenance.record(settings=settings.model_dump(mode="json"))
    case = read_and_record(challenge.spec, inputs, provenance)
    channels = _prepared(challenge, case, settings, provenance)
    foreground, seen = None, channels.grid
    if challenge.spec.has_map("probability"):
        foreground = Foreground.begin(ensemble.outputs, channels.grid)
    is_alone = len(bundle.bundles) == 1  # the uncertainty is that of one model's folds
    delivery = Delivery(challenge, bundle, case, settings, output_dir, uncertainty_dir, foreground)
    prediction: AnyPrediction | None = None
    try:
        with provenance.step("predict"):
            prediction = begin_prediction(
                ensemble,
                channels,
                deadline,
                effort=effort,
                progress=provenance.progress.work_done,
                probabilities=None if foreground is None else foreground.outputs,
                uncertainty=uncertainty_dir is not None or (challenge.spec.has_map("entropy") and is_alone),
                entropy=challenge.spec.has_map("entropy"),
                further=further,
            )
            del channels  # as large as the image times its channels: gone before the networks run
            if (preview := prediction.preview()) is not None:
                delivery.deliver_preview(preview, prediction.entropy())
            del preview  # as large as the image: gone before the networks go on
            result = prediction.predict()
        label_map = delivery.deliver(result, provenance)
    except SystemExit as stop:
        if prediction is None or not prediction.is_complete:
            raise
        delivery.deliver(prediction.result(), provenance)
        raise StoppedWithOutputError(stop.code) from stop
    _compare(challenge, bundle, label_map, Scan(case.reference, seen), deadline=deadline, provenance=provenance)


def _compare(
    challenge: Challenge,
    bundle: Model,
    label_map: sitk.Image,
    scan: Scan,
    *,
    deadline: Deadline,
    provenance: Provenance,
) -> None:
    """Compare the structures of a label map that is written with the training data, as far as there is time.

    Raises:
        StoppedWithOutputError: A signal stopped it.
    """
    try:
        check_and_record(
            label_map,
            challenge.spec.output.labels,
            scan.part,
            expected=bundle.structures,
            remaining_s=deadline.remaining_s(),
            provenance=provenance,
        )
    except TimeOverError:
        logger.info("structures were not compared with the training data to the end: the time was over")
    except SystemExit as stop:
        raise StoppedWithOutputError(stop.code) from stop


def _prepared(challenge: Challenge, case: Case, settings: BaseModel, provenance: Provenance) -> Channels:
    """Return the channels that the method makes of a case, with what it did on record."""
    with provenance.step("prepare"):
        channels = challenge.method.prepare(case, settings)
        provenance.record(**channels.record)
        provenance.note(*channels.notes)
    return channels


@dataclass(frozen=True)
class Delivery:
    """Delivery of a case's label map: postprocessed, its answers computed, and all outputs written.

    Attributes:
        challenge: Challenge whose sockets the outputs are for, with its method.
        bundle: Model folder, with the postprocessing that nnU-Net determined.
        case: Case that the label map belongs to.
        settings: Settings of the method.
        output_dir: Folder that receives the outputs.
        uncertainty_dir: Folder that receives the uncertainty; None for none.
        foreground: Probability that the prediction fills beside its label map; None where no map is of it.
    """

    challenge: Challenge
    bundle: Model
    case: Case
    settings: BaseModel
    output_dir: Path
    uncertainty_dir: Path | None = None
    foreground: Foreground | None = None

    def deliver_preview(self, label_map: sitk.Image, entropy: sitk.Image | None) -> None:
        """Write the outputs of a preview, which later ones replace; nothing of it is recorded.

        Args:
            label_map: Label map on the grid of the channels.
            entropy: Predictive entropy on the same grid; None where the challenge has no map of it.

        Raises:
            OutputError: The label map, a map or an answer can't be written or would not be accepted.
        """
        label_map = self._postprocessed(self._determined(label_map).label_map)
        answers = self._answers(label_map) if self.challenge.spec.answers else NO_ANSWERS
        self._write(label_map, self._maps(entropy), answers)

    def deliver(self, result: PredictionResult, provenance: Provenance) -> sitk.Image:
        """Write the outputs of a prediction, record its effort and the time of each step, and return the label map.

        Raises:
            OutputError: The label map, a map or an answer can't be written or would not be accepted.
        """
        provenance.record(**result.record)
        provenance.note(*result.notes)
        with provenance.step("finish"):
            determined = self._determined(result.label_map)
            provenance.record(**determined.record)
            provenance.note(*determined.notes(self.bundle.dataset))
            self._inspect(determined.label_map, provenance)
            label_map = self._postprocessed(determined.label_map)
        answers = NO_ANSWERS
        if self.challenge.spec.answers:
            with provenance.step("answer"):
                answers = self._answers(label_map)
                provenance.record(**answers.record)
                provenance.note(*answers.notes)
        with provenance.step("write"):
            self._write_all(label_map, self._maps(result.entropy), answers, result.uncertainty)
        return label_map

    def _thresholded(self, label_map: sitk.Image) -> sitk.Image:
        """Return the label map by the method's threshold of the probability; the given one where that is one half."""
        if self.foreground is None or not hasattr(self.challenge.method, "threshold"):
            return label_map
        threshold = cast("ThresholdingMethod", self.challenge.method).threshold(self.settings)
        if threshold == _ONE_HALF:
            return label_map
        (label,) = self.challenge.spec.output.labels  # a map of the probability is of one label
        return self.foreground.over(threshold, label=label)

    def _determined(self, label_map: sitk.Image) -> Postprocessed:
        """Return the label map by the method's threshold, with the postprocessing that nnU-Net determined."""
        return postprocess(self._thresholded(label_map), self.bundle.postprocessing)

    def _inspect(self, label_map: sitk.Image, provenance: Provenance) -> None:
        """Record and note what is odd about a predicted label map, where the method inspects it."""
        if not hasattr(self.challenge.method, "inspect"):
            return
        found = cast("InspectingMethod", self.challenge.method).inspect(label_map, self.case, self.settings)
        provenance.record(**found.record)
        provenance.note(*found.notes)

    def _postprocessed(self, label_map: sitk.Image) -> sitk.Image:
        return self.challenge.method.finish(label_map, self.case, self.settings)

    def _answers(self, label_map: sitk.Image) -> Answers:
        return cast("AnsweringMethod", self.challenge.method).answer(label_map, self.case, self.settings)

    def _maps(self, entropy: sitk.Image | None) -> Maps:
        """Return the maps on the reference's grid: 0 outside the box that the network got."""
        made = {"entropy": entropy, "probability": self.foreground.image() if self.foreground else None}
        maps = {socket.slug: made[socket.kind] for socket in self.challenge.spec.maps}
        grid = Grid.of(self.case.reference)
        return {slug: put_back(of, grid) for slug, of in maps.items() if of is not None}

    def _write_all(self, label_map: sitk.Image, maps: Maps, answers: Answers, uncertainty: Uncertainty | None) -> None:
        """Write the outputs, and the uncertainty if there is one: all of them, or none."""
        folder = None if uncertainty is None else self.uncertainty_dir
        with folder_made(folder), output_files(*uncertainty_outputs(folder), inputs=self.case.files.values()) as files:
            if uncertainty is not None:
                write_uncertainty(files, uncertainty)
            self._write(label_map, maps, answers)

    def _write(self, label_map: sitk.Image, maps: Maps, answers: Answers) -> None:
        write_output(self.challenge.spec, label_map, self.case, self.output_dir, maps=maps, answers=answers)


def check_maps(spec: ChallengeSpec, bundle: Model) -> None:
    """Refuse a model whose maps would not be those of the challenge.

    Raises:
        ModelError: A map is of the entropy, and the model has more classes than the label map has values, or regions,
            which may overlap; or it is of the probability, and the model has not exactly one structure, or logits that
            are resampled all at once.
    """
    for each in bundle.bundles:
        if spec.has_map("entropy"):
            _check_entropy(spec, each)
        if spec.has_map("probability"):
            _check_probability(spec, each)


def _check_probability(spec: ChallengeSpec, bundle: Bundle) -> None:
    if not bundle.configuration.resampling_of_logits.is_gradual:
        raise ModelError(
            f"A model for {spec.title} must resample its logits linearly, as nnU-Net's plans have it, for their"
            f" probability to be a map, but {bundle.folder} has splines of a higher order. Is there another"
            " configuration of it?"
        )
    structures = len(bundle.dataset.output_values) - (not bundle.dataset.has_regions)
    if structures != 1:
        raise ModelError(
            f"A model for {spec.title} must have one structure beside background, whose probability is a map of its"
            f" own, but {bundle.folder} has {structures}. Was it trained for another challenge?"
        )


def _check_entropy(spec: ChallengeSpec, bundle: Bundle) -> None:
    outputs = len(bundle.dataset.output_values)
    most = outputs * log(2) if bundle.dataset.has_regions else log(outputs)
    if most > spec.most_entropy + ROUNDING:
        kind = "regions, which may overlap" if bundle.dataset.has_regions else "classes"
        raise ModelError(
            f"The entropy of a model for {spec.title} must be at most {spec.most_entropy:.4g} nats, that of"
            f" {1 + len(spec.output.labels)} equally likely values, but {bundle.folder} has {outputs} {kind}, and may"
            f" reach {most:.4g}. Was it trained for another challenge?"
        )
