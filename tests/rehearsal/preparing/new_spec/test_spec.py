import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid
from hnseg.rehearsal.preparing.new_spec.inputs import DescribedInput, InputKind
from hnseg.rehearsal.preparing.new_spec.outputs import ShownImage, ShownOutputs
from hnseg.rehearsal.preparing.new_spec.spec import PLATFORM_LIMITS, spec_of

SIZE_XYZ = (4, 5, 6)


def described(slug, path=None, kind=InputKind.IMAGE, labels=None):
    return DescribedInput(slug, path or f"images/{slug}", slug, kind, labels or {})


def image(spacing_mm=1.0, kind=sitk.sitkInt16):
    made = sitk.Image(SIZE_XYZ, kind)
    made.SetSpacing((spacing_mm,) * 3)
    return made


def shown(*values, path="images/seg", spacing_mm=1.0, is_label_map=True):
    return ShownImage(path, Grid.of(image(spacing_mm)), tuple(values) if is_label_map else None)


def outputs(*images, numbers=(), values=(), others=()):
    return ShownOutputs(images or (shown(1, 3),), numbers, values, others)


@pytest.fixture
def made(tmp_path):
    """Describe a challenge whose inputs lie in a folder: a PET of 4 mm, a mask of 1 mm and a CT of 1 mm."""
    grids = {"pet": image(4.0), "mask": image(kind=sitk.sitkUInt8) + 1, "ct": image()}
    for slug, written in grids.items():
        (tmp_path / "images" / slug).mkdir(parents=True)
        sitk.WriteImage(written, str(tmp_path / "images" / slug / "scan.mha"))
    inputs = [described(slug) for slug in grids]

    def describe(outputs, inputs=inputs, name="my challenge"):
        return spec_of(name, inputs, outputs, tmp_path)

    return describe


def doubt(new, start):
    return [each for each in new.doubts if each.startswith(start)]


def test_the_label_map_lies_on_the_first_scan_with_its_grid(made):
    new = made(outputs())
    assert (new.spec.name, new.spec.title, new.spec.limits) == ("my_challenge", "my challenge", PLATFORM_LIMITS)
    assert (new.spec.output.relative_path, new.spec.output.on_grid_of, new.spec.output.keeps_grid) == (
        "images/seg",
        "ct",
        True,
    )
    assert not doubt(new, "Grid")
    assert [socket.labels for socket in new.spec.inputs] == [None, {1: "label 1"}, None]


def test_values_between_those_of_the_example_are_labels_too(made):
    new = made(outputs())
    assert new.spec.output.labels == {1: "label 1", 2: "label 2", 3: "label 3"}
    assert "holds 1, 3 beside 0" in doubt(new, "Values")[0]


def test_an_empty_label_map_has_one_label(made):
    new = made(outputs(shown()))
    assert new.spec.output.labels == {1: "label 1"}
    assert "holds none beside 0" in doubt(new, "Values")[0]


def test_an_output_on_no_inputs_grid_may_have_any(made):
    new = made(outputs(shown(1, spacing_mm=2.0)))
    assert (new.spec.output.on_grid_of, new.spec.output.keeps_grid) == ("pet", False)
    assert "any grid passes" in doubt(new, "Grid")[0]


def test_a_grid_that_can_not_be_seen_is_asked_for_with_a_word(made):
    new = made(outputs(), [described("elsewhere")])
    assert (new.spec.output.on_grid_of, new.spec.output.keeps_grid) == ("elsewhere", True)
    assert "does not show whose it is; that of elsewhere is asked for" in doubt(new, "Grid")[0]


def test_an_image_without_labels_passes_with_any_values(made):
    new = made(outputs(shown(is_label_map=False)))
    assert new.spec.output.labels == {}
    assert new.spec.foreign_outputs == ("seg",)
    assert "no label map of 8 bits" in doubt(new, "Values")[0]


def test_the_label_map_comes_before_other_images(made):
    new = made(outputs(shown(path="images/heat", is_label_map=False), shown(1)))
    assert new.spec.output.slug == "seg"
    assert [(socket.slug, socket.kind) for socket in new.spec.maps] == [("heat", "other")]
    assert "(images/heat): any voxels" in doubt(new, "Further images")[0]


def test_values_and_answers_are_described(made):
    inputs = [described("ct"), described("ehr", "ehr.json", InputKind.JSON), described("plan", "p.pdf", InputKind.FILE)]
    new = made(outputs(numbers=("risk.json",), values=("stage.json",), others=("log.txt",)), inputs)
    assert [socket.relative_path for socket in new.spec.values] == ["ehr.json"]
    assert [(socket.slug, socket.is_any_json) for socket in new.spec.answers] == [("risk", False), ("stage", True)]
    assert "(p.pdf)" in doubt(new, "Inputs of other kinds")[0]
    assert "(log.txt)" in doubt(new, "Outputs of other kinds")[0]
    assert "(stage.json): any value passes" in doubt(new, "JSON that is no number")[0]


def test_names_of_labels_are_the_platforms_where_it_has_some(made):
    new = made(outputs(), [described("ct"), described("mask", labels={1: "GTV"})])
    assert new.spec.inputs[1].labels == {1: "GTV"}


def test_two_sockets_at_one_place_are_refused(made):
    with pytest.raises(InputError, match=r"must describe a challenge, but .*paths must be unique"):
        made(outputs(), [described("ct"), described("other", "images/ct")])
