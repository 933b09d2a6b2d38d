from containers.han_seg.spec import CT, LABELS, SPEC


def test_sockets_are_those_of_the_organisers_template():
    assert [(s.relative_path, s.required, s.dispensable, s.on_grid_of) for s in SPEC.inputs] == [
        ("images/ct", True, False, None),
        ("images/t1-mri", False, True, None),
    ]
    assert SPEC.output.relative_path == "images/head_neck_oar"
    assert SPEC.output.on_grid_of == CT
    assert (SPEC.limits.time_s, SPEC.limits.ram_gib, SPEC.limits.vram_gib) == (900, 16, 14.5)


def test_the_30_labels_are_those_of_the_challenge():
    assert list(LABELS) == list(range(1, 31))
    # Alphabetical, as in the organisers' table, so that one moved name would show.
    assert sorted(LABELS.values(), key=str.lower) == list(LABELS.values())
    assert len(set(LABELS.values())) == 30
    assert {LABELS[4], LABELS[14], LABELS[24], LABELS[30]} == {"Bone_Mandible", "Eye_PL", "OpticChiasm", "SpinalCord"}
