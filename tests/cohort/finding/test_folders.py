import json

from containers.hecktor.spec import CT, EHR, PET, SPEC
from hnseg.cohort.finding.folders import find_in_folders, is_case_folder
from tests.support.cohort_files import touch


def test_both_places_of_the_sockets_folders_are_read(tmp_path):
    ct, pet, ehr, mounted, *_ = touch(
        tmp_path,
        "one/input/images/ct/x.mha",
        "one/input/images/pet/y.mha",
        "one/input/ehr.json",
        "two/images/ct/z.mha",
        "one/expected/images/label/x.mha",
        ".hidden/images/ct/x.mha",
        "__MACOSX/images/ct/x.mha",
    )
    found = find_in_folders(tmp_path, SPEC)
    one, two = found.cases
    assert (one.name, one.inputs.images, one.problem) == ("one", {CT: ct, PET: pet}, "")
    assert one.inputs.values == {EHR: ehr}
    assert one.inputs.inside == tmp_path / "one/input"
    assert (two.name, two.inputs.images, two.inputs.inside) == ("two", {CT: mounted}, tmp_path / "two")
    assert found.ignored == ()


def test_the_list_of_inputs_is_obeyed(tmp_path):
    (elsewhere,) = touch(tmp_path, "case/other/ct/x.mha")
    listed = [{"socket": {"slug": CT, "relative_path": "other/ct", "super_kind": "Image"}}]
    (tmp_path / "case/inputs.json").write_text(json.dumps(listed))
    (case,) = find_in_folders(tmp_path, SPEC).cases
    assert case.inputs.images == {CT: elsewhere}


def test_a_single_case_is_named_by_its_folder(tmp_path):
    touch(tmp_path, "case_007/input/images/ct/x.mha")
    for folder in (tmp_path / "case_007", tmp_path / "case_007/input"):
        assert is_case_folder(folder)
        assert [case.name for case in find_in_folders(folder, SPEC).cases] == ["case_007"]


def test_a_refused_case_has_its_sentence_and_what_was_found(tmp_path):
    (pet, *_) = touch(tmp_path, "no_ct/input/images/pet/x.mha", *(f"two_cts/images/ct/{name}.mha" for name in "ab"))
    missing, doubled = find_in_folders(tmp_path, SPEC).cases
    assert "the folder is empty" in missing.problem or "can't be listed" in missing.problem
    assert missing.inputs.images == {PET: pet}
    assert "there are 2: a.mha, b.mha" in doubled.problem


def test_two_places_in_one_case_are_a_problem(tmp_path):
    touch(tmp_path, "case/images/ct/x.mha", "case/input/images/ct/y.mha")
    (case,) = find_in_folders(tmp_path, SPEC).cases
    assert "in one place" in case.problem


def test_what_is_in_no_socket_is_listed(tmp_path):
    ignored = touch(tmp_path, "readme.txt", "case/images/mr/x.mha")
    touch(tmp_path, "case/images/ct/x.mha", "empty/other.txt")
    found = find_in_folders(tmp_path, SPEC)
    assert set(found.ignored) == {ignored[0], ignored[1].parent, tmp_path / "empty"}
