from containers.hn_uiseg.spec import CT, SPEC


def test_sockets_are_those_of_autopet_and_a_map_of_the_entropy():
    assert SPEC.name == "hn_uiseg"
    assert [(s.slug, s.relative_path, s.required, s.dispensable) for s in SPEC.inputs] == [
        ("ct-image", "images/ct", True, False),
        ("pet-image", "images/pet", False, True),
    ]
    assert [(s.slug, s.relative_path) for s in SPEC.values] == [("lesion-clicks", "lesion-clicks.json")]
    assert (SPEC.output.labels, SPEC.output.on_grid_of) == ({1: "GTVp", 2: "GTVn"}, CT)
    assert [(s.slug, s.kind) for s in SPEC.maps] == [("segmentation-entropy", "entropy")]
    assert (SPEC.limits.time_s, SPEC.limits.ram_gib, SPEC.limits.vram_gib) == (900, 16, 14.5)
    assert SPEC.answers == ()
