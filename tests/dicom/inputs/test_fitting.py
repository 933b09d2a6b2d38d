from containers.hnts_mrg.spec import SPEC as HNTS_MRG
from containers.recurrence.spec import SPEC as RECURRENCE
from hnseg.dicom.inputs.fitting import image_sockets, in_words
from hnseg.dicom.survey.entry import SurveyedSeries


def test_series_fill_images_and_no_label_maps():
    assert [socket.slug for socket in image_sockets(RECURRENCE)] == ["ct-image", "pet-image"]
    assert len(image_sockets(HNTS_MRG)) == 3


def test_a_series_that_is_no_volume_is_told_by_what_is_known():
    entry = SurveyedSeries(4, "1.2", "", "", 3, 1, 1, 0, None)
    assert in_words(entry) == "4 (unknown modality, 3 images)"
