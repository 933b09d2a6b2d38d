import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.judging.placement import check_placement, judge_placement


def label_map(*, size=(6, 5, 4)):
    image = sitk.Image(size, sitk.sitkUInt8)
    image.SetSpacing([0.5, 0.7, 2.0])
    return image


def placed(output, reference):
    return check_placement(output, reference, output_title="label map", reference_title="T2w")


def test_the_same_grid_is_fine_and_a_slice_or_a_millimetre_more_is_not():
    reference = label_map()
    assert placed(label_map(), reference) == []
    (finding,) = placed(label_map(size=(6, 5, 5)), reference)
    assert "found size (6, 5, 5) instead of (6, 5, 4)" in finding.explanation
    shifted = label_map()
    shifted.SetOrigin((0, 0, 1))
    (finding,) = placed(shifted, reference)
    assert "origin (0.0, 0.0, 1.0) instead of (0.0, 0.0, 0.0)" in finding.explanation


def test_the_last_bit_counts():
    spacing = np.nextafter(0.5, 1)
    output = label_map()
    output.SetSpacing((spacing, 0.7, 2.0))
    (finding,) = placed(output, label_map())
    assert "to the last bit" in finding.explanation
    assert "Copy the header" in finding.explanation


def test_two_dimensions_are_not_three():
    (finding,) = placed(sitk.Image((6, 5), sitk.sitkUInt8), label_map())
    assert "must be 3-D like the T2w, found 2 dimensions" in finding.explanation


@pytest.fixture
def scan(small_request):
    """The scan of the small case, whose grid an output must have."""
    path = next((small_request.cases[0].input_dir / "images/mid-rt-t2w-head-neck").iterdir())
    return path, sitk.ReadImage(str(path))


def test_the_case_names_the_grid(small_request, scan):
    (case,) = small_request.cases
    assert judge_placement(scan[1], SPEC, case) == []
    (finding,) = judge_placement(scan[1][:, :, 1:], SPEC, case)
    assert finding.stage == "evaluation"
    assert finding.explanation.startswith("The mid-RT label map must have the grid of the mid-RT T2w to the last bit")


@pytest.mark.parametrize("content", [b"not an image", None], ids=["broken", "missing"])
def test_without_a_readable_scan_the_reference_is_compared(small_request, scan, content):
    (case,) = small_request.cases
    path, image = scan
    path.unlink()
    if content:
        path.write_bytes(content)
    assert judge_placement(image, SPEC, case) == []
    (finding,) = judge_placement(image[1:, :, :], SPEC, case)
    assert "the grid of the reference label map to the last bit" in finding.explanation


def test_an_output_that_may_lie_on_any_grid_is_not_compared(tmp_path):
    scan = tmp_path / "input" / SPEC.input(SPEC.output.on_grid_of).relative_path / "scan.mha"
    scan.parent.mkdir(parents=True)
    sitk.WriteImage(label_map(), str(scan))
    (case,) = find_cases([tmp_path])
    anywhere = SPEC.model_copy(update={"output": SPEC.output.model_copy(update={"keeps_grid": False})})
    found = [judge_placement(label_map(size=(3, 3, 3)), spec, case) for spec in (SPEC, anywhere)]
    assert [len(findings) for findings in found] == [1, 0]
