def test_a_case_has_the_images_that_were_there(case):
    assert case.has("scan")
    assert not case.has("prior")


def test_all_of_several_images_must_be_there(case):
    assert not case.has("scan", "prior")
    assert case.has()
