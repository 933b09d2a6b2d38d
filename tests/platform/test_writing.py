import json
import re
import resource
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid
from hnseg.platform.answers import Answers
from hnseg.platform.writing import clear_output, is_output_complete, write_empty, write_output


@pytest.fixture
def label_map(make_image):
    array = np.zeros((3, 4, 5), np.int16)
    array[1, 1:3, 2], array[2, 0, 0] = 1, 2
    return make_image(array)


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_there_is_one_compressed_uint8_image_with_the_references_geometry(spec, case, label_map, tmp_path):
    path = write_output(spec, label_map, case, tmp_path)
    assert files_below(tmp_path) == ["images/out/output.mha"]
    assert path == tmp_path / "images/out/output.mha"
    assert b"CompressedData = True" in path.read_bytes()
    written = sitk.ReadImage(str(path))
    assert written.GetPixelID() == sitk.sitkUInt8
    assert np.array_equal(sitk.GetArrayFromImage(written), sitk.GetArrayFromImage(label_map))
    assert Grid.of(written) == Grid.of(case.reference)  # every number the same double


def test_a_label_map_within_tolerance_still_gets_the_references_exact_geometry(
    spec, case, label_map, make_image, tmp_path
):
    x, y, z = case.reference.GetOrigin()
    nearly = make_image(sitk.GetArrayFromImage(label_map), origin_mm=(x + 5e-4, y, z))
    path = write_output(spec, nearly, case, tmp_path)
    assert sitk.ReadImage(str(path)).GetOrigin() == case.reference.GetOrigin()


def test_metadata_of_the_source_stays_out(spec, case, label_map, tmp_path):
    label_map.SetMetaData("PatientName", "DOE")
    assert b"DOE" not in write_output(spec, label_map, case, tmp_path).read_bytes()


def test_an_empty_label_map_has_the_given_grid(spec, case, tmp_path):
    written = sitk.ReadImage(str(write_empty(spec, Grid.of(case.reference), tmp_path)))
    assert Grid.of(written) == Grid.of(case.reference)
    assert written.GetPixelID() == sitk.sitkUInt8
    assert not sitk.GetArrayViewFromImage(written).any()


ANSWERS = Answers({"stage": "T2", "days": 812.5})
FILES = ["images/out/output.mha", "more/days.json", "t.json"]


def test_answers_are_bare_json_values_beside_the_label_map(asking, case, label_map, tmp_path):
    write_output(asking, label_map, case, tmp_path, answers=ANSWERS)
    assert files_below(tmp_path) == FILES
    assert (tmp_path / "t.json").read_text() == '"T2"'
    assert (tmp_path / "more/days.json").read_text() == "812.5"


def test_beside_an_empty_label_map_are_the_answers_for_it(asking, case, tmp_path):
    write_empty(asking, Grid.of(case.reference), tmp_path)
    assert files_below(tmp_path) == FILES
    assert [json.loads((tmp_path / name).read_text()) for name in FILES[1:]] == [0.0, "T1"]


def test_the_output_is_complete_once_all_of_it_is_written(asking, case, tmp_path):
    clear_output(asking, tmp_path)
    assert not is_output_complete(asking, tmp_path)
    write_empty(asking, Grid.of(case.reference), tmp_path)
    assert is_output_complete(asking, tmp_path)
    (tmp_path / "t.json").unlink()
    assert not is_output_complete(asking, tmp_path)


def test_with_a_refused_answer_nothing_is_written(asking, case, label_map, tmp_path):
    with pytest.raises(OutputError, match="The T stage must be one of T1, T2, but the method answered 'T5'"):
        write_output(asking, label_map, case, tmp_path, answers=Answers({"stage": "T5", "days": 1.0}))
    with pytest.raises(OutputError, match="must answer stage, days, but answered nothing"):
        write_output(asking, label_map, case, tmp_path)
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("blocked", FILES)
def test_when_one_output_can_not_get_its_name_none_stays(asking, case, label_map, tmp_path, blocked):
    (tmp_path / blocked).mkdir(parents=True)  # no file can take the name of a folder
    with pytest.raises(OutputError, match="must be written whole, but that failed"):
        write_output(asking, label_map, case, tmp_path, answers=ANSWERS)
    assert files_below(tmp_path) == []


def test_clearing_removes_earlier_answers_and_leaves_other_files_beside_them(asking, case, label_map, tmp_path):
    write_output(asking, label_map, case, tmp_path, answers=ANSWERS)
    (tmp_path / ".hnseg-unfinished-0.json").write_text("half")
    (tmp_path / "results.json").write_text("[]")
    clear_output(asking, tmp_path)
    assert files_below(tmp_path) == ["results.json"]


def test_an_answers_folder_that_can_not_be_written_is_refused_at_once(asking, tmp_path):
    (tmp_path / "more").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"The folder \S+/more must be writable, but writing there failed"):
        clear_output(asking, tmp_path)


def test_another_size_is_refused(spec, case, make_image, tmp_path):
    with pytest.raises(
        OutputError, match=r"must be on the grid of the scan, but has size \(4, 4, 3\) instead of \(5, 4"
    ):
        write_output(spec, make_image(np.zeros((3, 4, 4), np.uint8)), case, tmp_path)
    assert files_below(tmp_path) == []


def test_another_place_is_refused(spec, case, label_map, tmp_path):
    label_map.SetOrigin((0, 0, 0))
    with pytest.raises(OutputError, match=r"but has origin \(0.0, 0.0, 0.0\) instead of \(-100.1, 33.3, 0.1429\)"):
        write_output(spec, label_map, case, tmp_path)


def test_a_label_outside_the_set_is_refused(spec, case, label_map, tmp_path):
    label_map[0, 0, 0] = 7
    with pytest.raises(OutputError, match=r"must hold only 0, 1 \(Tumour\), 2 \(Node\), but also holds 7\."):
        write_output(spec, label_map, case, tmp_path)
    assert files_below(tmp_path) == []


def test_clearing_removes_an_earlier_result_and_a_half_written_one(spec, case, label_map, tmp_path):
    write_output(spec, label_map, case, tmp_path)
    (tmp_path / ".hnseg-unfinished.mha").write_bytes(b"half")
    clear_output(spec, tmp_path)
    assert files_below(tmp_path) == []


def test_a_file_of_another_origin_is_left_and_refused(spec, tmp_path):
    (tmp_path / "images/out").mkdir(parents=True)
    (tmp_path / "images/out/other.mha").write_bytes(b"x")
    with pytest.raises(
        OutputError, match=r"output\.mha must be the only file in .*images/out, but other\.mha is there"
    ):
        clear_output(spec, tmp_path)
    assert files_below(tmp_path) == ["images/out/other.mha"]


def test_a_folder_that_can_not_be_written_is_refused_at_once(spec, tmp_path):
    (tmp_path / "output").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"must be writable, but writing there failed \(Not a directory\)"):
        clear_output(spec, tmp_path / "output")


WRITE_NOISE = """
import resource, sys
from pathlib import Path
import numpy as np
from containers.hnts_mrg.spec import SPEC
from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg.platform.case import Case
from hnseg.platform.writing import write_output

grid = Grid((100, 100, 100), (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
noise = image_of(np.random.default_rng(0).integers(0, 3, grid.shape_zyx, dtype=np.uint8), grid)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_output(SPEC, noise, Case({}, noise, {}), Path(sys.argv[1]))
except OutputError as error:
    print(error)
"""


def test_when_the_disk_takes_no_more_nothing_half_written_stays(tmp_path):
    # A limit on the size of files, which a process of its own can set, stops the writing as a full disk does.
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", WRITE_NOISE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert re.search(
        r"output\.mha must be written whole, but that failed, with [\d.]+ MiB free there\. Is", done.stdout
    )
    assert files_below(tmp_path) == []


WRITE_LONG_ANSWER = """
import resource, sys
from pathlib import Path
from containers.hnts_mrg.spec import SPEC
from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid
from hnseg.platform.spec import AnswerSocket
from hnseg.platform.writing import write_empty

long = "T" * 20_000
socket = AnswerSocket(slug="stage", relative_path="stage.json", title="stage", choices=(long,), if_empty=long)
grid = Grid((4, 4, 4), (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_empty(SPEC.model_copy(update={"answers": (socket,)}), grid, Path(sys.argv[1]))
except OutputError as error:
    print(error)
"""


def test_when_the_disk_has_room_for_the_label_map_alone_it_does_not_stay_either(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WRITE_LONG_ANSWER, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert re.search(r"stage\.json must be written whole, but that failed, with [\d.]+ MiB free there", done.stdout)
    assert files_below(tmp_path) == []
