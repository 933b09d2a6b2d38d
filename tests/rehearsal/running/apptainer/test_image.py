import pytest

from hnseg.errors import EngineError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.rehearsal.running.apptainer.image import sif_image, source_of


def test_a_sif_file_is_taken_as_it_is_with_the_facts_of_its_docker_image(apptainer, write_sif, tmp_path):
    file = write_sif()
    with sif_image(apptainer, str(file)) as sif:
        assert (sif.path, sif.working_dir) == (file, str(tmp_path))
        image = sif.image
    assert (image.user, image.architecture, image.api_method) == ("1000:1000", "amd64", "exec")
    assert image.command[-1] == str(tmp_path / "program.py")
    assert image.identifier == sha256_of(file)
    assert file.is_file()


def test_a_sif_file_that_was_built_from_no_docker_image_has_no_facts(apptainer, write_sif):
    with sif_image(apptainer, str(write_sif(config=False))) as sif:
        assert (sif.image, sif.working_dir) == (None, "/")


@pytest.mark.parametrize("saved", ["docker-archive:{file}", "oci-archive:{file}", "{file}"])
def test_a_saved_docker_image_is_built_and_removed_afterwards(apptainer, write_sif, saved):
    file = write_sif(name="saved.tar")
    with sif_image(apptainer, saved.format(file=file)) as sif:
        assert sif.path.read_bytes() == file.read_bytes()
        assert sif.image.tag == saved.format(file=file)
    assert not sif.path.exists()


def test_a_tag_is_one_of_dockers_service(apptainer, write_sif, bin_dir):
    write_sif().rename(bin_dir / "daemon" / "mine:latest")
    with sif_image(apptainer, "mine") as sif:
        assert sif.image.user == "1000:1000"


@pytest.mark.parametrize(
    ("tag", "source"),
    [
        ("host:5000/mine", "docker-daemon:host:5000/mine:latest"),
        ("docker-daemon:mine:1", "docker-daemon:mine:1"),
        ("mine.tar", "docker-archive:mine.tar"),
    ],
)
def test_a_name_says_the_source(tag, source):
    assert source_of(tag) == source


@pytest.mark.parametrize(
    ("tag", "sentence"),
    [
        ("gone.sif", r"must be a file, but there is none at gone\.sif"),
        ("gone:1", r"no image gone:1\. An image for Apptainer is a \.sif file, .*: is gone:1 one of them\?"),
    ],
)
def test_an_image_that_is_not_there_is_named(apptainer, tag, sentence):
    with pytest.raises(EngineError, match=sentence), sif_image(apptainer, tag):
        pass
