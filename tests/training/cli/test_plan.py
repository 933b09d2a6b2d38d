def test_an_unknown_preset_is_refused(run, converted):
    status, stderr = run("plan", "hnts_mrg", "--work", converted.root, "--preset", "huge")
    assert status == 1
    assert stderr.strip().endswith("demo-hn-uiseg, found 'huge'.")


def test_no_process_is_too_few_to_plan_with(run, converted):
    assert run("plan", "hnts_mrg", "--work", converted.root, "--workers", 0)[0] == 2
