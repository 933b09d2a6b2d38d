from containers.hecktor.spec import CT, EDITIONS, SPEC


def test_both_editions_have_the_organisers_sockets():
    for spec in EDITIONS.values():
        assert spec.name == "hecktor"
        assert [(s.slug, s.relative_path, s.required, s.dispensable) for s in spec.inputs] == [
            ("ct-image", "images/ct", True, False),
            ("pet-image", "images/pet", False, True),
        ]
        assert [(s.slug, s.relative_path) for s in spec.values] == [("electronic-health-record", "ehr.json")]
        assert spec.output.labels == {1: "GTVp", 2: "GTVn"}
        assert (spec.output.on_grid_of, spec.limits.ram_gib, spec.limits.vram_gib) == (CT, 16, 14.5)
    older, newer = EDITIONS["2025"], EDITIONS["2026"]
    assert (older.output.relative_path, older.limits.time_s) == ("images/tumor-lymph-node-segmentation", 600)
    assert (newer.output.relative_path, newer.limits.time_s) == ("images/head-neck-tumor-segmentation", 1500)
    assert older.answers == ()
    assert [(s.relative_path, s.choices) for s in newer.answers] == [
        ("t-stage.json", ("T1", "T2", "T3", "T4")),
        ("n-stage.json", ("N0", "N1", "N2", "N3")),
        ("rfs.json", None),
    ]
    assert SPEC is newer
