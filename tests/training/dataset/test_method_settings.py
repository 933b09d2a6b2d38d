import pytest

from containers.hnts_mrg.method import Settings
from hnseg.errors import InputError
from hnseg_training.dataset.method_settings import read_settings

KNOWN = {"default": Settings(), "plain": Settings(gradient_channel=False)}


def test_settings_are_known_by_name_or_read_from_a_file(tmp_path):
    assert read_settings("plain", KNOWN) is KNOWN["plain"]
    (tmp_path / "own.json").write_text('{"minimum_volume_mm3": {"GTVn": 50}}')
    assert read_settings(str(tmp_path / "own.json"), KNOWN) == Settings(minimum_volume_mm3={"GTVn": 50})


def test_a_file_that_is_missing_or_holds_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must be default, plain or a JSON file of them, but .*nowhere"):
        read_settings(str(tmp_path / "nowhere.json"), KNOWN)
    (tmp_path / "other.json").write_text('{"pet_channel": true}')
    with pytest.raises(InputError, match="pet_channel"):
        read_settings(str(tmp_path / "other.json"), KNOWN)
