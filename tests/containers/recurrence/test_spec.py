from containers.recurrence.spec import CT, SPEC


def test_sockets_are_a_pet_ct_with_its_gtv_and_perhaps_a_brain():
    assert SPEC.name == "recurrence"
    assert [(s.slug, s.relative_path, s.labels, s.required, s.dispensable, s.on_grid_of) for s in SPEC.inputs] == [
        ("ct-image", "images/ct", None, True, False, None),
        ("pet-image", "images/pet", None, True, False, None),
        ("gtv-segmentation", "images/gtv-segmentation", {1: "GTV"}, True, False, CT),
        ("brain-segmentation", "images/brain-segmentation", {1: "brain"}, False, True, CT),
    ]
    assert (SPEC.output.slug, SPEC.output.relative_path) == (
        "recurrence-segmentation",
        "images/recurrence-segmentation",
    )
    assert (SPEC.output.labels, SPEC.output.on_grid_of) == ({1: "recurrence"}, CT)
    assert [(s.slug, s.relative_path, s.kind) for s in SPEC.maps] == [
        ("recurrence-probability", "images/recurrence-probability", "probability")
    ]
    assert (SPEC.limits.time_s, SPEC.limits.ram_gib, SPEC.limits.vram_gib) == (600, 16, 14.5)
    assert SPEC.answers == ()
