"""Postprocessing that nnU-Net's own functions determined, read from its pickle, and pickles that would run code."""

import json
import multiprocessing
import os
import pickle
import shutil
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from nnunetv2.postprocessing.remove_connected_components import (
    apply_postprocessing_to_folder,
    determine_postprocessing,
    remove_all_but_largest_component_from_segmentation,
)

from hnseg.errors import ModelError
from hnseg.imaging.geometry import array_of
from hnseg.inference.labelling.postprocessed import postprocess
from hnseg.inference.model.postprocessing import read_postprocessing
from hnseg_training.postprocessing import find_postprocessing, read_determined

LABELS = {"background": 0, "a": 1, "b": 2}
REGIONS = {"background": 0, "whole": [1, 2], "core": [2]}
KEEP = remove_all_but_largest_component_from_segmentation


@pytest.fixture
def in_threads(monkeypatch):
    """Let nnU-Net's functions, each of which starts processes that import it anew, work in threads."""
    monkeypatch.setattr(multiprocessing, "get_context", lambda *_: SimpleNamespace(Pool=ThreadPool))


def write_cases(folder, specks):
    """Write two label maps: a box of label 1 around one of label 2, and further voxels of a label at some places."""
    folder.mkdir()
    for number in range(2):
        array = np.zeros((9, 14, 15), np.uint8)
        array[2:7, 3:9, 3 : 9 + number] = 1
        array[3:6, 4:7, 4:7] = 2
        for label, place in specks:
            array[place] = label
        sitk.WriteImage(sitk.GetImageFromArray(array), str(folder / f"case_{number}.nii.gz"))
    return folder


FAR, FARTHER = np.s_[8, 12:, 12:], np.s_[0, 0, :3]
SITUATIONS = {
    "nothing helps": (LABELS, [(1, FAR)], [(1, FAR)], 0),
    "the whole foreground": (LABELS, [(1, FAR), (2, FARTHER)], [], 1),
    "one label": (LABELS, [(2, FAR), (1, FARTHER)], [(1, FARTHER)], 1),
    "each label": (LABELS, [(1, FARTHER), (1, np.s_[4, 5, 5])], [], 2),
    "regions": (REGIONS, [(2, FAR), (1, FARTHER)], [(1, FARTHER)], 1),
}


@pytest.mark.usefixtures("in_threads")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_nnunet_determined_is_applied_as_nnunet_applies_it(situation, make_model, tmp_path):
    labels, predicted, true, count = SITUATIONS[situation]
    order = [1, 2] if labels is REGIONS else None
    model = make_model(labels=labels, regions_class_order=order, channel_names=["CT"])
    predictions, references = write_cases(tmp_path / "crossval", predicted), write_cases(tmp_path / "labels", true)
    files = str(model / "plans.json"), str(model / "dataset.json")
    functions, arguments = determine_postprocessing(str(predictions), str(references), *files, num_processes=1)
    ours = read_determined(predictions / "postprocessing.pkl")
    assert len(ours.keep_largest) == len(functions) == count
    assert read_postprocessing(predictions / "postprocessing.json") == ours
    apply_postprocessing_to_folder(
        str(predictions), str(tmp_path / "stock"), functions, arguments, *files, num_processes=1
    )
    for path in sorted(predictions.glob("case_*.nii.gz")):
        stock = sitk.ReadImage(str(tmp_path / "stock" / path.name))
        own = postprocess(sitk.ReadImage(str(path)), ours).label_map
        assert np.array_equal(array_of(own), array_of(stock))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("label", [2, np.int64(2), np.uint16(2), np.array(2, ">i4")[()]], ids=repr)
def test_labels_of_any_integer_type_and_pickles_of_any_protocol_are_read(tmp_path, protocol, label):
    content = ([KEEP, KEEP], [{"labels_or_regions": [1, label]}, {"labels_or_regions": (label,)}])
    (tmp_path / "postprocessing.pkl").write_bytes(pickle.dumps(content, protocol))
    steps = read_determined(tmp_path / "postprocessing.pkl").keep_largest
    assert [step.labels for step in steps] == [(1, 2), (2,)]


def test_names_of_numpy_1_are_read(tmp_path):
    content = pickle.dumps(([KEEP], [{"labels_or_regions": [np.int64(3)]}]), 0)
    assert b"numpy._core.multiarray" in content
    (tmp_path / "postprocessing.pkl").write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert read_determined(tmp_path / "postprocessing.pkl").keep_largest[0].labels == (3,)


class Payload:
    """Object whose unpickling makes a file."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def payloads(marker):
    """Return pickles that would make a folder, by reduction, by an instance's opcode, and by a name of builtins."""
    name = str(marker).encode()
    yield pickle.dumps(([KEEP], [{"labels_or_regions": Payload(marker)}]))
    yield b"(S'" + name + b"'\nios\nmkdir\n."
    yield b'cbuiltins\neval\n(S\'__import__("os").mkdir("' + name + b"\")'\ntR."
    yield b"cnumpy\ndtype\n(S'O'\ntR."
    yield b"\x80\x02P1\n."
    yield b"\x80\x02\x82\x01."


@pytest.mark.parametrize("number", range(6))
def test_a_pickle_that_names_anything_else_is_refused_and_runs_nothing(tmp_path, number):
    path = tmp_path / "postprocessing.pkl"
    path.write_bytes(list(payloads(tmp_path / "marker"))[number])
    with pytest.raises(ModelError, match=r"must hold functions of nnU-Net's postprocessing by name, and labels, but"):
        read_determined(path)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("content", [b"", b"\x80", pickle.dumps([1]), pickle.dumps(7), pickle.dumps((1, 2, 3))])
def test_a_damaged_pickle_and_one_of_another_form_are_refused(tmp_path, content):
    (tmp_path / "postprocessing.pkl").write_bytes(content)
    with pytest.raises(ModelError, match=r"postprocessing by name, and labels, but .*, so it was refused"):
        read_determined(tmp_path / "postprocessing.pkl")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"postprocessing.pkl can't be read \(No such file"):
        read_determined(tmp_path / "postprocessing.pkl")


def test_that_of_the_same_folds_is_found_and_that_of_others_is_told(tmp_path, caplog):
    caplog.set_level("INFO")
    assert find_postprocessing(tmp_path, [0, 1]) is None
    assert not caplog.messages
    folder = tmp_path / "crossval_results_folds_0_1"
    folder.mkdir()
    (folder / "postprocessing.json").write_text(json.dumps({}))
    assert find_postprocessing(tmp_path, [1, 0]) == folder / "postprocessing.json"
    shutil.copyfile(folder / "postprocessing.json", folder / "postprocessing.pkl")
    assert find_postprocessing(tmp_path, [0, 1]) == folder / "postprocessing.pkl"
    assert find_postprocessing(tmp_path, [0]) is None
    assert "it was determined on other folds" in caplog.text
