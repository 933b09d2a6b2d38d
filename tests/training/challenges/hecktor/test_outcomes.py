import json
import logging
import shutil
from pathlib import Path

import pytest
import SimpleITK as sitk

from containers.hecktor.method import SETTINGS, Settings, answer
from containers.hecktor.spec import CT, EHR, N_STAGE, PET, RFS, T_STAGE
from hnseg.errors import InputError
from hnseg.platform.case import Case
from hnseg_training.challenges.hecktor.convert import convert
from hnseg_training.challenges.hecktor.outcomes import fit
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import PATIENTS, ROOTS, paths_of, write_source


@pytest.fixture
def source(tmp_path) -> Path:
    return write_source(tmp_path / "source")


@pytest.fixture
def work(source, tmp_path) -> WorkFolder:
    return convert(source, tmp_path / "work", settings=SETTINGS["winner"])


def fitted(work: WorkFolder, **options):
    return fit(
        work, **{"source": None, "predictions": None, "training_data": None, "ridge": 1.0, "workers": 1, **options}
    )


def case_of(source: Path, patient: str, ehr: dict | None = None) -> tuple[sitk.Image, Case]:
    """Return a patient's label map, and the case that the container would read."""
    ct, pet, label_map = (sitk.ReadImage(str(path)) for path in paths_of(source, patient))
    values = {} if ehr is None else {EHR: ehr}
    return label_map, Case(images={CT: ct, PET: pet}, reference=ct, files={}, values=values)


def test_the_features_are_those_that_the_container_measures(work, source):
    fitted(work)
    features = json.loads((work.raw / "features.json").read_text())
    label_map, case = case_of(source, "CHUM-002", {"Age": 53, "Gender": 1})
    settings = Settings.model_validate_json((work.raw / "method.json").read_bytes())
    answers = answer(label_map, case, settings)
    measured = answers.record["outcomes"]["features"]
    assert {name: features["CHUM-002"][name] for name in measured} == pytest.approx(measured)
    assert len(measured) >= 9
    assert (features["CHUM-002"]["age_years"], features["CHUM-002"]["is_male"]) == (53, 1)
    assert list(features) == list(PATIENTS)
    assert features["CHUM-002"]["hpv_positive"] is None


def test_the_models_are_written_into_the_data_set_and_each_result_folder(work, source):
    trained = work.results("nnUNetTrainer__plans__3d_fullres")
    trained.mkdir(parents=True)
    shutil.copy(work.raw / "method.json", trained / "method.json")
    outcomes = fitted(work, training_data="made-up patients")
    for folder in (work.raw, trained):
        settings = Settings.model_validate_json((folder / "method.json").read_bytes())
        assert settings == SETTINGS["winner"].model_copy(update={"outcomes": outcomes})
    assert outcomes.fitted_on == "reference label maps of 5 patients of made-up patients"
    answers = answer(*case_of(source, "CHUM-010"), settings)
    assert set(answers.values) == {T_STAGE, N_STAGE, RFS}


def test_larger_primaries_have_higher_stages_in_the_models(work):
    outcomes = fitted(work)
    assert outcomes.t_stage.levels == ("T1", "T2")
    assert outcomes.n_stage.levels == ("N1", "N2")  # N2b is N2
    small, large = ({"gtvp_ml": volume, "gtvp_diameter_mm": volume} for volume in (1.0, 1e4))
    predicted = [outcomes.t_stage.predictor(features) for features in (small, large)]
    truth = [term.coefficient for term in outcomes.t_stage.terms]
    assert (predicted[1] > predicted[0]) == (sum(truth) > 0)


def test_the_table_says_how_many_and_how_well(work, caplog):
    caplog.set_level(logging.INFO)
    fitted(work)
    assert "T stage: 5 patients, balanced accuracy" in caplog.text
    assert "relapse: 5 patients, 2 relapses, C-index" in caplog.text
    assert "log(1 + largest_node_diameter_mm)" in caplog.text
    assert "held out by the 5 folds" in caplog.text


def test_predicted_label_maps_take_the_place_of_the_reference(work, source, tmp_path):
    predictions = tmp_path / "predictions"
    for number, name in enumerate(PATIENTS):
        label_map = sitk.ReadImage(str(paths_of(source, name)[2]))
        folder = predictions / f"fold_{number}" / "validation"  # as nnU-Net's own validation leaves them
        folder.mkdir(parents=True)
        sitk.WriteImage(label_map * (0 if name == "MDA-001" else 1), str(folder / f"{name}.nii.gz"))
    outcomes = fitted(work, predictions=predictions)
    features = json.loads((work.raw / "features.json").read_text())
    assert features["MDA-001"]["gtvp_ml"] == 0
    assert features["MDA-002"]["gtvp_ml"] > 0
    assert outcomes.fitted_on.startswith("predicted label maps of 5 patients")


def test_a_patient_without_a_prediction_is_refused(work, source, tmp_path):
    (tmp_path / "predictions").mkdir()
    shutil.copy(paths_of(source, "CHUM-001")[2], tmp_path / "predictions")
    with pytest.raises(InputError, match=r"4 of 5 patients have none or several, the first CHUM-002"):
        fitted(work, predictions=tmp_path / "predictions")


def test_a_pet_that_the_conversion_left_out_is_not_measured(work):
    path = work.raw / "conversion.json"
    conversion = json.loads(path.read_text())
    conversion["patients"]["CHUM-001"]["pet"] = "refused"
    path.write_text(json.dumps(conversion))
    fitted(work)
    features = json.loads((work.raw / "features.json").read_text())
    assert features["CHUM-001"]["suv_max"] is None
    assert features["CHUM-002"]["suv_max"] == pytest.approx(9.0, abs=0.1)


def test_the_public_data_may_have_moved(work, source, tmp_path):
    moved = source.rename(tmp_path / "elsewhere")
    assert fitted(work, source=moved).rfs.median_days > 0


def test_a_table_without_stages_is_refused(work, source):
    table = source / ROOTS["2026"] / "table.csv"
    table.write_text("PatientID,Age,Relapse,RFS\n" + "".join(f"{name},60,1,{900}\n" for name in PATIENTS))
    with pytest.raises(InputError, match="must have the T stage of patients, but has it of none of 5"):
        fitted(work)
    assert json.loads((work.raw / "method.json").read_text())["outcomes"] is None
