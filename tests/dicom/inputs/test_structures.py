import pytest

from containers.hnts_mrg.spec import PRE_MASK, REGISTERED_MASK
from containers.hnts_mrg.spec import SPEC as HNTS_MRG
from containers.recurrence.spec import SPEC as RECURRENCE
from hnseg.dicom.inputs.case import choose_case
from hnseg.dicom.inputs.structures import asked_structures
from hnseg.errors import InputError
from tests.support.dicom_case import box_on
from tests.support.dicom_series import AXIAL, write_series
from tests.support.dicom_study import series_files
from tests.support.structure_set_files import write_set
from tests.support.volumes_for_dicom import ct_in_hu


def test_pairs_name_a_label_of_a_socket():
    assert asked_structures(["GTV=a = b", "brain=7"], RECURRENCE) == {
        "gtv-segmentation": {"GTV": "a = b"}, "brain-segmentation": {"brain": "7"},
    }  # fmt: skip
    assert asked_structures([f"{PRE_MASK}:GTVn=Node"], HNTS_MRG) == {PRE_MASK: {"GTVn": "Node"}}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["GTV"], "must have a pair such as LABEL=NAME, with one of gtv-segmentation:GTV, brain-segmentation:brain"),
        (["GTV= "], "but there is 'GTV= '"),
        (["node=1"], "but there is 'node=1'"),
        (["GTV=1", "GTV=2"], "must name each label once, but GTV is there twice"),
    ],
)
def test_what_is_no_pair_is_refused(words, sentence):
    with pytest.raises(InputError, match=sentence):
        asked_structures(words, RECURRENCE)


def test_a_label_of_two_sockets_needs_the_socket():
    with pytest.raises(InputError, match=f"with one of {REGISTERED_MASK}:GTVp"):
        asked_structures(["GTVp=1"], HNTS_MRG)


def test_a_prior_is_taken_where_it_is_asked_for_and_not_otherwise(tmp_path):
    folder = tmp_path / "dicom"
    write_series(folder / "series", series_files(ct_in_hu(AXIAL), "MR"))
    write_set(folder, box_on(AXIAL), {1: "GTVp"})
    assert not choose_case(HNTS_MRG, folder).structures
    case = choose_case(HNTS_MRG, folder, structures=[f"{REGISTERED_MASK}:GTVp=GTVp"])
    assert set(case.structures[REGISTERED_MASK].by_label) == {1}
    with pytest.raises(InputError, match="but none was chosen for pre-rt-t2w-head-neck"):
        choose_case(HNTS_MRG, folder, structures=[f"{PRE_MASK}:GTVp=GTVp"])
    with pytest.raises(InputError, match="The structure GTVn must be in"):
        choose_case(HNTS_MRG, folder, series=[f"{REGISTERED_MASK}=2"])
