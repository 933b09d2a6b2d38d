def test_a_challenge_that_asks_for_a_label_map_alone_has_no_outcomes(run, converted):
    status, stderr = run("outcomes", "hnts_mrg", "--work", converted.root)
    assert status == 1
    assert stderr.strip().endswith("more than a label map has outcomes, but hnts_mrg does not.")
