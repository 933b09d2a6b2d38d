"""Servers that answer several cases with the output of one."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.judging.repeats import judge_repeats, note_on_one_case
from hnseg.rehearsal.rehearse import rehearse
from tests.support.small_case import write_image
from tests.support.small_challenges import HNTS_MRG
from tests.support.small_rehearsal import copying_runner, no_progress, write_case
from tests.support.unsure.spec import ENTROPY, SPEC


@pytest.fixture
def two_results(small_request, tmp_path):
    """Return the request and the results of two cases, with the prior as output, after a change of the second case."""

    def run(change):
        other = write_case(HNTS_MRG, tmp_path / "other").rename(tmp_path / "case_001")
        change(other / "input/images")
        request = replace(small_request, cases=[*small_request.cases, *find_cases([other])])
        return request, rehearse(request, copying_runner(), no_progress).cases

    return run


def another_scan(images):
    scan = next((images / "mid-rt-t2w-head-neck").iterdir())
    scan.write_bytes(scan.read_bytes() + b"another")


def test_the_label_map_of_another_case_is_a_failure(two_results):
    request, results = two_results(another_scan)
    first, second = judge_repeats(request, results)
    assert (first.passed, second.passed) == (True, False)
    assert second.platform_says.startswith("Its label map is that of case_000 to the last bit, though their images")


def test_the_same_images_may_have_the_same_label_map(two_results):
    assert all(result.passed for result in judge_repeats(*two_results(lambda _: None)))


def test_two_empty_label_maps_are_alike(two_results):
    request, results = two_results(another_scan)
    for result in results:
        write_image(np.zeros((10, 36, 40), np.uint8), request.output_dir(result.name) / result.output_file)
    assert all(result.passed for result in judge_repeats(request, results))


def test_so_is_the_map_of_another_case(two_results):
    request, results = two_results(another_scan)
    request = replace(request, spec=SPEC)
    for value, is_failed in ((0.5, True), (0.0, False)):  # a map that is the same all over may come twice
        with_maps = []
        for number, result in enumerate(results):
            write_image(np.full((10, 36, 40), number, np.uint8), request.output_dir(result.name) / result.output_file)
            entropy = np.full((10, 36, 40), 0.25, np.float32)
            entropy[0] += value
            write_image(entropy, request.output_dir(result.name) / "map.mha")
            with_maps.append(result.model_copy(update={"maps": {ENTROPY: "map.mha"}}))
        judged = judge_repeats(request, with_maps)
        assert [not result.passed for result in judged] == [False, is_failed]
        assert judged[1].platform_says.startswith("Its entropy map is that of case_000") is is_failed


@pytest.mark.parametrize(("cases", "notes"), [(1, 1), (2, 0)])
def test_one_case_alone_is_noted(cases, notes):
    assert len(note_on_one_case([SimpleNamespace()] * cases)) == notes
