import pytest

from hnseg.errors import EngineError
from hnseg.rehearsal.running.apptainer.program import environment_of, find_apptainer


def test_it_is_found_with_its_version(apptainer, bin_dir):
    assert (apptainer.path, apptainer.version) == (str(bin_dir / "apptainer"), "Apptainer 1.4.2")


def test_where_it_is_not_installed_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="apptainer must be installed for --engine apptainer, but is not on the PATH"):
        find_apptainer()


def test_a_command_that_fails_has_its_last_line(apptainer):
    with pytest.raises(EngineError, match=r"^apptainer build failed: FATAL:   While performing build") as raised:
        apptainer.ask("build", "out.sif", "docker-daemon:none:1")
    assert raised.value.engine_says.endswith("no image none:1")
    assert not apptainer.succeeds("build", "out.sif", "docker-daemon:none:1")
    assert apptainer.succeeds("sif", "list", "any.sif")


def test_the_users_own_mounts_and_variables_stay_outside(monkeypatch):
    for name in ("APPTAINER_BIND", "APPTAINERENV_SECRET", "SECRET"):
        monkeypatch.setenv(name, "/home")
    monkeypatch.setenv("APPTAINER_TMPDIR", "/scratch")
    environment = environment_of({"LOG_LEVEL": "INFO"})
    assert not {"APPTAINER_BIND", "APPTAINERENV_SECRET", "SECRET"} & environment.keys()
    assert (environment["APPTAINER_TMPDIR"], environment["APPTAINERENV_LOG_LEVEL"]) == ("/scratch", "INFO")
