from containers.hecktor import spec as hecktor
from containers.hnts_mrg import spec as hnts_mrg
from hnseg.cohort.finding.bids import find_in_bids
from tests.support.cohort_files import touch


def test_words_of_the_name_tell_the_socket(tmp_path):
    ct, pet, ehr, *_ = touch(
        tmp_path,
        "sub-01/ct/sub-01_acq-planning_ct.nii.gz",
        "sub-01/pet/sub-01_trc-18FFDG_PET.nii.gz",
        "sub-01/sub-01_ehr.json",
        "sub-01/ct/sub-01_acq-planning_ct.json",
        "sub-01/sub-01_scans.tsv",
        "dataset_description.json",
        "participants.tsv",
        "README",
    )
    found = find_in_bids(tmp_path, hecktor.SPEC)
    (case,) = found.cases
    assert (case.name, case.inputs.images) == ("sub-01", {hecktor.CT: ct, hecktor.PET: pet})
    assert case.inputs.values == {hecktor.EHR: ehr}
    assert found.ignored == ()


def test_what_fits_no_socket_is_listed(tmp_path):
    touch(tmp_path, "sub-01/ct/sub-01_ct.nii.gz")
    ignored = touch(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz", "sub-01/ct/sub-01_acq-ct_dseg.nii.gz", "notes.txt")
    touch(tmp_path, "derivatives/x/sub-01/ct/sub-01_ct.nii.gz")
    expected = {tmp_path / "derivatives", ignored[0].parent, *ignored[1:]}
    assert set(find_in_bids(tmp_path, hecktor.SPEC).ignored) == expected


def test_sessions_that_are_complete_are_cases(tmp_path):
    touch(tmp_path, "sub-01/ses-1/ct/sub-01_ses-1_ct.mha", "sub-01/ses-2/ct/sub-01_ses-2_ct.mha")
    (alone,) = touch(tmp_path, "sub-01/ses-3/pet/sub-01_ses-3_pet.mha")
    (_, own) = touch(tmp_path, "sub-02/ses-1/sub-02_ses-1_ct.mha", "sub-02/ses-2/sub-02_ses-2_pet.mha")
    found = find_in_bids(tmp_path, hecktor.SPEC)
    assert [case.name for case in found.cases] == ["sub-01_ses-1", "sub-01_ses-2", "sub-02"]
    assert found.cases[2].inputs.images[hecktor.PET] == own
    assert found.ignored == (alone.parents[1],)


def test_two_runs_are_a_problem_that_names_them(tmp_path):
    touch(tmp_path, *(f"sub-01/ct/sub-01_run-{run}_ct.mha" for run in (1, 2)))
    found = find_in_bids(tmp_path, hecktor.SPEC)
    (case,) = found.cases
    assert "has 2: sub-01_run-1_ct.mha, sub-01_run-2_ct.mha" in case.problem
    assert found.ignored == ()


def test_sockets_of_two_sessions_are_of_one_case_and_the_most_words_win(tmp_path):
    mid, pre, registered, mask, *_, truth = touch(
        tmp_path,
        "sub-9/ses-midRT/anat/sub-9_ses-midRT_T2w.nii.gz",
        "sub-9/ses-preRT/anat/sub-9_ses-preRT_T2w.nii.gz",
        "sub-9/ses-preRT/anat/sub-9_ses-preRT_space-midRT_T2w.nii.gz",
        "sub-9/ses-preRT/anat/sub-9_ses-preRT_space-midRT_dseg.nii.gz",
        "sub-9/ses-midRT/anat/sub-9_ses-midRT_dseg.nii.gz",
    )
    found = find_in_bids(tmp_path, hnts_mrg.SPEC)
    (case,) = found.cases
    assert case.inputs.images == {
        hnts_mrg.MID_T2W: mid,
        hnts_mrg.PRE_T2W: pre,
        hnts_mrg.REGISTERED_T2W: registered,
        hnts_mrg.REGISTERED_MASK: mask,
    }
    assert found.ignored == (truth,)


def test_a_subject_without_a_file_is_a_case_with_a_problem(tmp_path):
    (tmp_path / "sub-01").mkdir()
    (case,) = find_in_bids(tmp_path, hecktor.SPEC).cases
    assert "must have the CT, but sub-01 has none" in case.problem
