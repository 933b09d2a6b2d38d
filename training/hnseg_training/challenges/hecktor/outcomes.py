"""Models of HECKTOR's T stage, N stage and relapse-free survival, from label maps, PETs and the released table.

The features are the container's own, of the reference label maps or, as the container will have them, of predicted
ones. The models go into the data set's method.json, which `export` ships.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, cast

from containers.hecktor import method
from containers.hecktor.ehr import read_ehr
from containers.hecktor.features import features_of
from containers.hecktor.outcomes import CoxModel, OrdinalModel, Outcomes, Term
from containers.hecktor.spec import CT, LABELS, PET, SPEC
from hnseg.clinical import N_STAGES, T_STAGES, FollowUp
from hnseg.errors import InputError
from hnseg.evaluation.statistics.balanced_accuracy import balanced_accuracy
from hnseg.evaluation.statistics.concordance import concordance_of
from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.files.formats import WRITTEN, has_suffix, stem_of
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.files.visible import is_visible
from hnseg.imaging.pet_ct.judged_pet import judge_pet
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.platform.challenge import settings_in
from hnseg.platform.reading import read_image
from hnseg_training.dataset.conversion.conversion import CONVERSION_FILE
from hnseg_training.dataset.pet_ct_sources import Source, find_sources
from hnseg_training.dataset.splits import SPLITS_FILE, Split
from hnseg_training.dataset.work_folder import WorkFolder, read_json, write_json
from hnseg_training.outcomes.models import Features, Scales, fit_cox, fit_ordinal
from hnseg_training.outcomes.table import Tables, follow_up_in, stage_in
from hnseg_training.workers import each

logger = logging.getLogger(__name__)

FEATURES_FILE = "features.json"
T_SCALES: Scales = {"gtvp_diameter_mm": "log", "gtvp_ml": "log"}
N_SCALES: Scales = {
    "largest_node_diameter_mm": "log",
    "gtvn_ml": "log",
    "node_count": "log",
    "is_bilateral": "linear",
}
RFS_SCALES: Scales = {
    "gtvp_ml": "log",
    "gtvn_ml": "log",
    "node_count": "log",
    "is_bilateral": "linear",
    "suv_max": "log",
    "mtv_ml": "log",
    "tlg": "log",
    "age_years": "linear",
    "performance_status": "linear",
    "smokes": "linear",
    "is_crt": "linear",
    "hpv_positive": "linear",
}


@dataclass(frozen=True)
class MeasuredPatient:
    """Features of a patient, and the outcomes in the table.

    Attributes:
        name: Name of the patient.
        features: Features of the label map, the PET and the record, by name.
        t_stage: T stage; None where the table has none.
        n_stage: N stage likewise.
        follow_up: Follow-up likewise.
    """

    name: str
    features: Features
    t_stage: str | None
    n_stage: str | None
    follow_up: FollowUp | None


def fit(
    work: WorkFolder,
    *,
    source: Path | None,
    predictions: Path | None,
    training_data: str | None,
    ridge: float,
    workers: int,
) -> Outcomes:
    """Fit the three models on every patient, log their accuracy across the folds, and write them into method.json.

    Args:
        work: Work folder of a converted data set.
        source: Folder of the public data; None for the one it was converted from.
        predictions: Folder with a label map a patient, named after the patient, anywhere below it, as nnU-Net's own
            validation leaves them; None takes the reference.
        training_data: Name of the patients in the provenance; None for the data set's name.
        ridge: Strength of the prior, as in `fit_ordinal`.
        workers: Processes that read patients.

    Raises:
        InputError: A file is missing, or the tables lack an outcome of all patients.
    """
    conversion = read_json(work.raw / CONVERSION_FILE, having=["source", "patients"])
    root = source or Path(conversion["source"])
    finding = find_sources(root, title="HECKTOR's training data")
    sources = _converted(finding.sources, conversion["patients"], root)
    tables = Tables.read(finding.folders, without=set(conversion.get("left_out", [])))
    label_maps = _label_maps(sources, predictions)
    pets = {name: record["pet"] for name, record in conversion["patients"].items()}
    read = partial(_measured, tables=tables, label_maps=label_maps, pets=pets)
    patients = list(each(read, sources, workers=workers, title="measuring patients"))
    outcomes = Outcomes(
        **_fitted(patients, ridge),
        fitted_on=_fitted_on(work, len(patients), training_data, predicted=predictions is not None),
    )
    _log_results(outcomes, patients, read_json(work.preprocessed / SPLITS_FILE), ridge)
    write_json(work.raw / FEATURES_FILE, {patient.name: _finite(patient.features) for patient in patients})
    _write(work, outcomes)
    return outcomes


def _converted(sources: Sequence[Source], patients: Collection[str], root: Path) -> list[Source]:
    """Return the files of those patients that were converted, all of whom must still be there."""
    found = [source for source in sources if source.name in patients]
    if len(found) < len(patients):
        raise InputError(
            f"{root} must hold the {len(patients)} patients that were converted, but {len(patients) - len(found)} of"
            " them are not there, or their files are not complete any more. Was the data moved? Name it with --source."
        )
    return found


def _label_maps(sources: Sequence[Source], predictions: Path | None) -> dict[str, Path]:
    """Return each patient's label map: the reference, or the only prediction of its name."""
    if predictions is None:
        return {source.name: source.label_map for source in sources}
    files = [path for path in sorted(predictions.rglob("*")) if _is_label_map(path)]
    found = {source.name: _files_of(source.name, files) for source in sources}
    wrong = [name for name, paths in found.items() if len(paths) != 1]
    if wrong:
        raise InputError(
            f"{predictions} must hold one label map a patient, named <patient> and one of {', '.join(WRITTEN)},"
            f" but {len(wrong)} of {len(sources)} patients have none or several, the first {wrong[0]}. Was every fold"
            " validated (hnseg-train fit --validate), and is this the folder of one ensemble?"
        )
    return {name: paths[0] for name, paths in found.items()}


def _is_label_map(path: Path) -> bool:
    return is_visible(path.name) and has_suffix(path.name, WRITTEN) and path.is_file()


def _files_of(patient: str, files: Sequence[Path]) -> list[Path]:
    """Return those files that are named after a patient."""
    return [path for path in files if stem_of(path.name) == patient]


def _measured(
    source: Source, *, tables: Tables, label_maps: Mapping[str, Path], pets: Mapping[str, str]
) -> MeasuredPatient:
    """Read and measure one patient.

    Args:
        source: Public files of the patient.
        tables: Released tables.
        label_maps: Label map to measure, by the patient's name.
        pets: State of the PET in the conversion, by the patient's name.
    """
    row = tables.row(source.name)
    label_map = read_volume(label_maps[source.name], title="label map", labels=LABELS)
    coarse = coarse_ct_of(read_image(SPEC.input(CT), source.ct))
    # A PET that the conversion couldn't use the container couldn't either.
    usable = source.pet is not None and pets.get(source.name) in {"used", "not asked for"}
    pet = read_image(SPEC.input(PET), source.pet) if usable and source.pet else None
    judged = judge_pet(pet, coarse, path=source.pet)
    features = features_of(label_map, judged.pet, read_ehr(row)[0], coarse=coarse)
    stages = stage_in(row, T_STAGES), stage_in(row, N_STAGES)
    return MeasuredPatient(source.name, features, *stages, follow_up_in(row))


def _fitted(patients: Sequence[MeasuredPatient], ridge: float) -> dict[str, Any]:
    """Return the three models by name, each fitted on the patients with a known outcome."""
    t, t_stages = _with_outcome(patients, "t_stage", "T stage")
    n, n_stages = _with_outcome(patients, "n_stage", "N stage")
    rfs, follow_ups = _with_outcome(patients, "follow_up", "relapse and days of follow-up")
    return {
        "t_stage": fit_ordinal(t, t_stages, T_SCALES, order=T_STAGES, ridge=ridge),
        "n_stage": fit_ordinal(n, n_stages, N_SCALES, order=N_STAGES, ridge=ridge),
        "rfs": fit_cox(rfs, follow_ups, RFS_SCALES, ridge=ridge),
    }


def _with_outcome(patients: Sequence[MeasuredPatient], name: str, title: str) -> tuple[list[Features], list[Any]]:
    """Return the features and the outcomes of the patients with a known one."""
    known = [patient for patient in patients if getattr(patient, name) is not None]
    if not known:
        raise InputError(
            f"The released table must have the {title} of patients, but has it of none of {len(patients)}."
            " Is it that of an edition without, such as 2022, or are its patients others?"
        )
    return [patient.features for patient in known], [getattr(patient, name) for patient in known]


def _fitted_on(work: WorkFolder, count: int, training_data: str | None, *, predicted: bool) -> str:
    """Return the description of the patients that the models are fitted on."""
    name = training_data or read_json(work.raw / "dataset.json", having=["name"])["name"]
    return f"{'predicted' if predicted else 'reference'} label maps of {count} patients of {name}"


@dataclass
class _HeldOut:
    """Predictions for each patient by models that were fitted without the patient, and the truth.

    Attributes:
        stages: Predicted and true level of each patient, by the model's name.
        risks: Predicted risk and follow-up of each patient.
    """

    stages: dict[str, list[tuple[str, str]]]
    risks: list[tuple[float, FollowUp]]

    @classmethod
    def of(cls, patients: Sequence[MeasuredPatient], folds: Sequence[Split], ridge: float) -> _HeldOut:
        """Fit the models once a fold on its training patients, and evaluate them on its validation patients."""
        held_out = cls({"t_stage": [], "n_stage": []}, [])
        for fold in folds:
            trained, validated = set(fold["train"]), set(fold["val"])
            models = _fitted([patient for patient in patients if patient.name in trained], ridge)
            for patient in (patient for patient in patients if patient.name in validated):
                for name, levels in held_out.stages.items():
                    if (truth := getattr(patient, name)) is not None:
                        levels.append((models[name].level(patient.features), truth))
                if patient.follow_up is not None:
                    held_out.risks.append((models["rfs"].risk(patient.features), patient.follow_up))
        return held_out

    def accuracy(self, name: str) -> float:
        """Return the balanced accuracy of a stage."""
        return balanced_accuracy(*zip(*self.stages[name], strict=True))

    def concordance(self) -> float:
        """Return Harrell's C-index of the risks."""
        risks, follow_ups = zip(*self.risks, strict=True)
        return concordance_of(
            times=[each.days for each in follow_ups], events=[each.has_relapsed for each in follow_ups], risks=risks
        ).index


def _log_results(outcomes: Outcomes, patients: Sequence[MeasuredPatient], folds: Sequence[Split], ridge: float) -> None:
    """Log a table: number of patients, accuracy across the folds, and every coefficient."""
    held_out = _HeldOut.of(patients, folds, ridge)
    relapses = sum(patient.follow_up.has_relapsed for patient in patients if patient.follow_up)
    logger.info("fitted on %s, ridge %g; held out by the %d folds:", outcomes.fitted_on, ridge, len(folds))
    for title, name, model in (("T stage", "t_stage", outcomes.t_stage), ("N stage", "n_stage", outcomes.n_stage)):
        known, accuracy, chance = len(held_out.stages[name]), held_out.accuracy(name), 1 / len(model.levels)
        logger.info("%s: %d patients, balanced accuracy %.3f (chance %.3f)", title, known, accuracy, chance)
        _log_terms(model, "thresholds " + ", ".join(f"{threshold:.2f}" for threshold in model.thresholds))
    known, concordance = len(held_out.risks), held_out.concordance()
    logger.info("relapse: %d patients, %d relapses, C-index %.3f (chance 0.5)", known, relapses, concordance)
    _log_terms(outcomes.rfs, f"median {outcomes.rfs.median_days:.0f} days at the mean")


def _log_terms(model: OrdinalModel | CoxModel, rest: str) -> None:
    """Log the coefficients of a model, the strongest first, and then its other parameters."""
    for term in sorted(model.terms, key=_strength, reverse=True):
        name = f"log(1 + {term.feature})" if term.scale == "log" else term.feature
        logger.info("  %-32s %+.3f a standard deviation", name, term.coefficient)
    logger.info("  %s", rest)


def _strength(term: Term) -> float:
    """Return the absolute coefficient of a term."""
    return abs(term.coefficient)


def _write(work: WorkFolder, outcomes: Outcomes) -> None:
    """Write the models into the settings of the data set, and of every result folder with a copy of the settings."""
    for path in (work.raw / METHOD_FILE, *work.results("").glob(f"*/{METHOD_FILE}")):
        settings = settings_in(cast("Any", method), read_json(path), path).model_copy(update={"outcomes": outcomes})
        write_json(path, settings.model_dump(mode="json"))


def _finite(features: Features) -> dict[str, float | None]:
    """Return the features with None for NaN, as JSON takes them."""
    return {name: value if isfinite(value) else None for name, value in features.items()}
