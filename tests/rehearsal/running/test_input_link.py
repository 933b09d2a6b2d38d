"""Images whose /input is a link, made by a real engine."""

import pytest

from hnseg.rehearsal.running.image import Image, inspect_image
from hnseg.rehearsal.running.input_link import linked_image
from tests.rehearsal.conftest import BASE_IMAGE

LOOK = "import os; print(os.path.islink('/input') and os.readlink('/input'), os.getuid())"


@pytest.mark.engine
@pytest.mark.parametrize("lines", ["", "RUN mkdir -p /input"])
def test_the_link_replaces_a_folder_and_changes_nothing_else(build, engine, lines):
    tag = build("", user=f"{lines}\nUSER 1000:1000")
    image = inspect_image(engine, tag)
    with linked_image(engine, image, "python3") as linked:
        made = inspect_image(engine, linked)
        assert (made.user, made.command, made.labels) == (image.user, image.command, image.labels)
        said = engine.ask("run", "--rm", "--network=none", "--entrypoint=python3", linked, "-c", LOOK)
        assert said == "/opt/ml/input/data/current 1000"
    assert not engine.try_to("image", "inspect", linked)
    assert engine.try_to("image", "inspect", tag)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("lines", "python"),
    [("", ""), ("", "python9"), ("VOLUME /input", "python3"), ("RUN mkdir /input && touch /input/file", "python3")],
    ids=["no Python", "another Python", "a volume", "a folder with files"],
)
def test_where_no_link_can_be_made_there_is_none(build, engine, lines, python):
    image = inspect_image(engine, build("", user=f"{lines}\nUSER 1000:1000"))
    with linked_image(engine, image, python) as linked:
        assert linked == ""


def test_a_user_that_is_no_word_gets_no_link():
    image = Image(BASE_IMAGE, "abc", "1000\nRUN true", "amd64", {}, 1)
    with linked_image(None, image, "python3") as linked:
        assert linked == ""
