from hnseg_training.trial.layout import Layout, patients_in

LAYOUT = Layout(
    images={"ct": r"(?P<patient>p\d+)/ct\.nii\.gz", "pet": r"(?P<patient>p\d+)/pet\.nii\.gz"},
    required=("ct",),
    truths=r"(?P<patient>p\d+)/(?P<structure>\w+)_mask\.nii\.gz",
)


def write(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"12")


def test_files_are_grouped_by_patient_at_any_depth(tmp_path):
    write(tmp_path, "a/b/p2/ct.nii.gz", "a/b/p2/left_mask.nii.gz", "p1/CT.NII.GZ", "p1/pet.nii.gz", "p1/up_mask.nii.gz")
    first, second = patients_in(tmp_path, LAYOUT)
    assert (first.name, sorted(first.images), first.named) == ("p1", ["ct", "pet"], {"up"})
    assert (second.name, second.named, second.size_bytes) == ("p2", {"left"}, 4)


def test_a_patient_without_a_required_image_or_a_truth_is_none(tmp_path):
    write(tmp_path, "p1/pet.nii.gz", "p1/up_mask.nii.gz", "p2/ct.nii.gz", "p3/._ct.nii.gz", "p3/up_mask.nii.gz")
    assert patients_in(tmp_path, LAYOUT) == []


def test_a_file_that_is_an_image_and_a_truth_counts_once(tmp_path):
    same = Layout({"prior": r"(?P<patient>p\d+)/mask\.mha"}, ("prior",), r"(?P<patient>p\d+)/mask\.mha")
    write(tmp_path, "p1/mask.mha")
    (patient,) = patients_in(tmp_path, same)
    assert patient.files == [tmp_path / "p1" / "mask.mha"]
