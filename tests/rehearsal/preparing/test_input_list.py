import json
import stat

import pytest

from containers.hecktor.spec import SPEC
from hnseg.platform.inputs_json import FILE_NAME
from hnseg.rehearsal.preparing.input_list import Dialect, write_input_list

CT_DESCRIPTION = {
    "title": "CT",
    "description": "",
    "slug": "ct-image",
    "kind": "Image",
    "pk": 1,
    "default_value": None,
    "super_kind": "Image",
    "relative_path": "images/ct",
    "overlay_segments": [],
    "look_up_table": None,
}
CT_LOCALLY = {
    "slug": "ct-image",
    "relative_path": "images/ct",
    "is_image_kind": True,
    "is_panimg_kind": True,
    "is_dicom_image_kind": False,
    "is_json_kind": False,
    "is_file_kind": False,
}


@pytest.fixture
def input_dir(tmp_path):
    """An input of HECKTOR with a CT and a health record, without a PET."""
    (tmp_path / "images/ct").mkdir(parents=True)
    (tmp_path / "images/ct/scan.mha").touch()
    (tmp_path / "ehr.json").write_text('{"Age": 60, "Weight": NaN}', encoding="ascii")
    return tmp_path


def written(input_dir, dialect):
    write_input_list(SPEC, input_dir, dialect)
    return json.loads((input_dir / FILE_NAME).read_text(encoding="ascii"))


def test_today_an_entry_describes_its_socket_twice(input_dir):
    ct, record = written(input_dir, Dialect.TODAY)
    assert set(ct) == {"socket", "interface", "value", "file", "image", "pk"}
    assert ct["socket"] == ct["interface"] == CT_DESCRIPTION
    assert (ct["value"], ct["file"], ct["pk"]) == (None, None, 1)
    assert ct["image"]["name"] == "scan.mha"
    assert len(ct["image"]["pk"]) == 36
    assert (record["socket"]["slug"], record["socket"]["super_kind"]) == ("electronic-health-record", "Value")
    assert (record["value"], record["image"]) == ({"Age": 60, "Weight": None}, None)


def test_before_december_2025_there_was_the_key_interface_alone(input_dir):
    ct, _ = written(input_dir, Dialect.INTERFACE)
    assert set(ct) == {"interface", "value", "file", "image", "pk"}
    assert ct["interface"] == CT_DESCRIPTION


def test_local_test_packs_have_the_key_socket_alone(input_dir):
    ct, record = written(input_dir, Dialect.SOCKET)
    assert set(ct) == {"socket", "value", "file", "image", "pk"}
    assert ct["socket"] == CT_LOCALLY
    assert ct["image"] == {"name": "scan.mha"}
    assert (record["socket"]["is_json_kind"], record["socket"]["is_image_kind"]) == (True, False)


def test_a_list_of_the_cases_own_stays_and_older_dialects_replace_it(input_dir):
    own = input_dir / FILE_NAME
    own.write_text("[]", encoding="ascii")
    assert written(input_dir, Dialect.TODAY) == []
    assert len(written(input_dir, Dialect.INTERFACE)) == 2
    write_input_list(SPEC, input_dir, Dialect.NONE)
    assert not own.exists()


def test_every_user_may_read_the_list(input_dir):
    written(input_dir, Dialect.TODAY)
    assert stat.S_IMODE((input_dir / FILE_NAME).stat().st_mode) == 0o644


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000], ids=["cut off", "not UTF-8", "endless"])
def test_a_value_that_is_no_json_is_null_in_the_list(input_dir, content):
    (input_dir / "ehr.json").write_bytes(content)
    assert written(input_dir, Dialect.TODAY)[1]["value"] is None
