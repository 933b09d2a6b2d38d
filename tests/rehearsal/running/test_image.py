import pytest

from hnseg.rehearsal.running.engine import Engine, EngineError, EngineFacts
from hnseg.rehearsal.running.image import Image, build_image, inspect_image, python_of


@pytest.mark.parametrize(
    ("labels", "method"),
    [
        ({}, "exec"),
        ({"org.grand-challenge.api-method": "invoke"}, "invoke"),
        ({"ORG.Grand-Challenge.API-Method": '"INVOKE"'}, "invoke"),
        ({"org.grand-challenge.api-method": "'exec'"}, "exec"),
        ({"org.grand-challenge.api-method": " 'in\"vo'ke '"}, "invoke"),
        ({" org.grand-challenge.api-method ": "invoke", "ORG.GRAND-CHALLENGE.API-METHOD": "exec"}, "invoke"),
        ({"org.grand-challenge.api-method": "in voke"}, "in voke"),
    ],
)
def test_the_api_method_is_read_as_the_platform_reads_it(labels, method):
    assert Image("tag", "0", "user", "amd64", labels, 1).api_method == method


@pytest.fixture
def engine_that(tmp_path, monkeypatch):
    """An engine whose command is this shell script."""

    def make(script):
        program = tmp_path / "docker"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return Engine("docker", EngineFacts("Docker 28", False, True, True, False, ""))

    return make


def test_an_image_is_described_by_its_engine(engine_that):
    known = (
        '[{"Id": "sha256:abc", "Architecture": "amd64", "Size": 1500,'
        ' "Config": {"User": "1000", "Entrypoint": ["a"], "Cmd": ["b"], "Volumes": {"/data": {}},'
        ' "Labels": {"org.grand-challenge.api-method": "invoke"}}}]'
    )
    image = inspect_image(engine_that(f"echo '{known}'"), "mine:1")
    labels = {"org.grand-challenge.api-method": "invoke"}
    assert image == Image("mine:1", "abc", "1000", "amd64", labels, 1500, ("a", "b"), ("/data",))


def test_an_image_without_configuration_has_neither_user_nor_labels(engine_that):
    image = inspect_image(engine_that("""echo '[{"Id": "sha256:abc"}]'"""), "mine:1")
    assert (image.user, image.labels, image.api_method, image.size_bytes) == ("", {}, "exec", 0)
    assert image.command == ()


@pytest.mark.parametrize("command", ['"Entrypoint": ["a"]', '"Cmd": ["a"], "Entrypoint": null'])
def test_a_command_is_an_entry_point_or_a_cmd(engine_that, command):
    image = inspect_image(engine_that(f"""echo '[{{"Id": "sha256:abc", "Config": {{{command}}}}}]'"""), "mine:1")
    assert image.command == ("a",)


@pytest.mark.parametrize(
    ("here", "python"), [(("python3", "python"), "python3"), (("python",), "python"), (("none",), "")]
)
def test_a_python_is_one_that_computes(engine_that, here, python):
    patterns = "|".join(f'*" --entrypoint={name} "*' for name in here)
    answers = f'case " $* " in {patterns}) exit 42;; *) echo 42; exit 0;; esac'
    assert python_of(engine_that(answers), "mine:1") == python


def test_an_image_that_is_not_here_is_named(engine_that):
    with pytest.raises(EngineError, match=r"The image mine:1 must be on this machine, but docker does not know it\."):
        inspect_image(engine_that("exit 1"), "mine:1")


def test_a_folder_without_a_dockerfile_above_can_not_be_built(engine_that, tmp_path):
    with pytest.raises(EngineError, match="which does not exist"):
        build_image(engine_that("exit 0"), tmp_path / "mine", tag="mine:1", arguments={})


def test_a_build_that_fails_says_where_the_reason_is(engine_that, tmp_path):
    (tmp_path / "Dockerfile").touch()
    with pytest.raises(EngineError, match="docker build ended with status 3, and its lines above say why"):
        build_image(engine_that("exit 3"), tmp_path / "mine", tag="mine:1", arguments={})


def test_the_build_gets_the_challenge_and_the_arguments(engine_that, tmp_path):
    folder = tmp_path / "containers" / "mine"
    folder.mkdir(parents=True)
    (folder.parent / "Dockerfile").touch()
    engine = engine_that(f'echo "$@" > {tmp_path}/asked')
    build_image(engine, folder, tag="mine:1", arguments={"EDITION": "2025"})
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:5] == ["build", "-f", str(folder.parent / "Dockerfile"), "-t", "mine:1"]
    assert asked[-5:] == ["--build-arg", "CHALLENGE=mine", "--build-arg", "EDITION=2025", str(tmp_path)]
