from containers.hnts_mrg.spec import MID_T2W, OUTPUT, PRE_T2W, REGISTERED_T2W, SPEC


def test_sockets_are_those_of_the_organisers_template():
    assert [(s.relative_path, s.required, s.on_grid_of) for s in SPEC.inputs] == [
        ("images/mid-rt-t2w-head-neck", True, None),
        ("images/registered-pre-rt-head-neck-segmentation", False, MID_T2W),
        ("images/registered-pre-rt-head-neck", False, MID_T2W),
        ("images/pre-rt-t2w-head-neck", False, None),
        ("images/pre-rt-head-neck-segmentation", False, PRE_T2W),
    ]
    assert SPEC.output.relative_path == "images/mri-head-neck-segmentation"
    assert SPEC.output.labels == {1: "GTVp", 2: "GTVn"}
    assert SPEC.output.on_grid_of == MID_T2W
    assert (SPEC.limits.time_s, SPEC.limits.ram_gib, SPEC.limits.vram_gib) == (1200, 16, 14.5)
    assert OUTPUT not in {REGISTERED_T2W, *(s.slug for s in SPEC.inputs)}
