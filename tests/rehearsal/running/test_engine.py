import pytest

from hnseg.errors import EngineError
from hnseg.rehearsal.running.engine import Engine, EngineFacts, find_engine, probe_engine


def test_an_engine_that_is_not_installed_is_named_with_advice(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        EngineError, match=r"docker is not installed here and podman is not installed here\. Install one"
    ):
        find_engine()


def test_an_engine_that_does_not_answer_is_named_with_its_reason(tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon.' >&2\nexit 1\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert probe_engine("docker") == (None, "has no engine behind it (Cannot connect to the Docker daemon.)")


def test_podman_by_the_name_of_docker_is_known_for_what_it_is(tmp_path, monkeypatch):
    program = tmp_path / "docker"
    facts = (
        '{"host": {"cgroupControllers": ["memory", "pids"], "security": {"rootless": true}},'
        ' "store": {"graphRoot": "/somewhere"}, "version": {"Version": "5.0.0"}}'
    )
    program.write_text(f"#!/bin/sh\necho '{facts}'\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    facts = find_engine("docker").facts
    assert (facts.version, facts.is_podman, facts.rootless) == ("Podman 5.0.0", True, True)
    assert (facts.limits_memory, facts.chooses_processors) == (True, False)


def test_a_command_that_fails_has_the_engines_last_line(tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'warning' >&2\necho 'no such image' >&2\nexit 1\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = Engine("docker", EngineFacts("Docker 28", False, True, True, False, ""))
    with pytest.raises(EngineError, match=r"^docker pull failed: no such image$") as raised:
        engine.ask("pull", "mine")
    assert raised.value.engine_says == "no such image"
    assert not engine.try_to("pull", "mine")
