from hnseg.cohort.finding.untaken import untaken_in
from tests.support.cohort_files import touch


def test_what_no_case_has_is_found_and_a_sidecar_belongs_to_its_image(tmp_path):
    taken, *_ = touch(
        tmp_path, "a/ct.nii.gz", "a/ct.json", "a/ct.nii.json", "a/notes.txt", "b/x.mha", "a/.hidden", "__MACOSX/ct.mha"
    )
    assert list(untaken_in(tmp_path, [taken])) == [tmp_path / "a/notes.txt", tmp_path / "b"]
