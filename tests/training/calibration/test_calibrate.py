"""Calibration of a bundle on disk: manifest, archive and report are new together, or all as they were."""

import json
import re
import tarfile

import pytest

from hnseg.errors import InputError, ModelError, OutputError
from hnseg.inference.model.bundle import open_bundle
from hnseg_training.calibration.calibrate import Places, as_page, calibrate
from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.cross_fit import calibration_of
from hnseg_training.calibration.held_out import held_out_cases
from hnseg_training.calibration.report import CalibrationReport
from tests.support.calibrated_voxels import cases_at

SMALL = Sampling(most=200)
FILES = {"calibration.json", "calibration.csv", "index.html", "reliability.png", "risk_coverage.png"}


def test_the_bundle_and_its_archive_get_the_temperatures_and_the_report_is_written(trained, bundle, tmp_path):
    former = (bundle / "manifest.json").read_text()
    cases = held_out_cases(trained, bundle, SMALL, folds=None, device="cpu")
    report = calibrate(cases, Places(bundle, tmp_path / "new" / "report"), SMALL, predicted_by="fold")
    opened = open_bundle(bundle)
    assert opened.temperatures == tuple(report.temperatures.values())
    kept = json.loads((bundle / "manifest.json").read_text())
    assert kept.pop("calibration")["cases"] == len(report.cases) == 2
    assert kept == json.loads(former)
    with tarfile.open(bundle.with_name("model.tar.gz")) as tar:
        assert tar.extractfile("./manifest.json").read() == (bundle / "manifest.json").read_bytes()
    assert {path.name for path in (tmp_path / "new" / "report").iterdir()} == FILES
    text = (tmp_path / "new" / "report" / "calibration.json").read_text()
    assert CalibrationReport.model_validate_json(text) == report


def test_where_it_fails_all_is_as_it_was(trained, bundle, tmp_path):
    for name in ("manifest.json", "fold_0.safetensors"):
        assert (bundle / name).is_file()
    former = {path: path.read_bytes() for path in (*bundle.iterdir(), bundle.with_name("model.tar.gz"))}
    cases = held_out_cases(trained, bundle, SMALL, folds=[0], device="cpu")
    with pytest.raises(InputError, match="two held-out cases at least"):
        calibrate(cases, Places(bundle, tmp_path / "report"), SMALL, predicted_by="fold")
    assert {path: path.read_bytes() for path in (*bundle.iterdir(), bundle.with_name("model.tar.gz"))} == former
    assert not any((tmp_path / "report").iterdir())


def test_a_result_folder_keeps_no_temperatures(trained, tmp_path):
    results = trained.results("nnUNetTrainerAdam__hnsegDemoPlans__3d_fullres")
    with pytest.raises(ModelError, match=r"Only an exported bundle keeps temperatures, .* Was hnseg-train export run"):
        calibrate([], Places(results, tmp_path / "report"), SMALL, predicted_by="fold")


def test_a_report_that_can_not_be_written_is_told_first(bundle, tmp_path):
    (tmp_path / "report").write_text("")
    with pytest.raises(OutputError, match="The report must be written to"):
        calibrate([], Places(bundle, tmp_path / "report"), SMALL, predicted_by="fold")


def test_the_page_has_the_table_and_escapes_names():
    _, report = calibration_of(
        cases_at((3.0, 2.0), [0, 1]), ("background", "<GTV>"), Sampling(), model="a & b", predicted_by="fold"
    )
    page = as_page(report)
    assert "Calibration of a &amp; b" in page
    assert "&lt;GTV&gt;" in page
    assert "<GTV>" not in page
    assert all(f'src="{name}"' in page for name in ("reliability.png", "risk_coverage.png"))
    assert re.search(rf"<td[^>]*>{report.band.after.ece:.4f}</td>", page)
