"""Rules of headers; what panimg makes of whole files stands in test_against_panimg.py."""

import pytest

from hnseg.errors import HeaderError
from hnseg.rehearsal.judging.importer.metaimage_rules import check_additional_fields, names_voxels
from tests.support.odd_outputs import header

SIZE = (4, 3, 2)


@pytest.fixture
def file_of(tmp_path):
    def write(content, name="a.mhd"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def test_a_header_with_local_voxels_or_a_file_beside_it_is_a_metaimage(file_of):
    file_of(b"voxels", "a.raw")
    assert names_voxels(file_of(header()))
    assert names_voxels(file_of(header(ElementDataFile="a.raw")))


@pytest.mark.parametrize("content", [b"", b"text\n", header(ElementDataFile=None), b"ElementDataFile : LOCAL\n"])
def test_other_files_are_none(file_of, content):
    assert not names_voxels(file_of(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header(ElementDataFile="/etc/hostname"), "'/etc/hostname', which leads out of its folder"),
        (header(ElementDataFile="../a.raw"), "'../a.raw', which leads out of its folder"),
        (header(ElementDataFile="b.raw"), "'b.raw', which is no file and not LOCAL"),
        (header(ElementDataFile="local"), "'local', which is no file and not LOCAL"),
        (b"Comment = \xb5m\n" + header(), "its header holds bytes that are not UTF-8"),
        (b"x" * 10_000 + b"\n" + header(), "a line of its header has over 10,000 bytes"),
        (b"a = 1\n" * 10_000 + header(), "its header has over 10,000 lines"),
    ],
)
def test_headers_that_the_importer_refuses_are_refused_with_the_reason(file_of, content, reason):
    with pytest.raises(HeaderError, match=reason):
        names_voxels(file_of(content))


@pytest.mark.parametrize(
    "fields",
    [
        {"WindowCenter": "40", "WindowWidth": "-3.5e2"},
        {"WindowCenter": "[40, 50]", "WindowWidth": "[350,400]"},
        {"Exposures": "12"},
        {"ContentTimes": "235959"},
        {"MyWindow": "x"},
    ],
)
def test_fields_of_the_right_form_are_taken(file_of, fields):
    check_additional_fields(file_of(header(**fields)), SIZE)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"WindowWidth": "x"}, "its WindowWidth is 'x', which the platform's importer does not take"),
        ({"WindowWidth": "350."}, "its WindowWidth is '350.'"),
        ({"WindowWidth": "[1, 2]"}, "its WindowWidth is the list .* and its WindowCenter is no list as long"),
        ({"WindowCenter": "[1, 2]", "WindowWidth": "[1]"}, "its WindowCenter is the list"),
        ({"Exposures": "1 2"}, "its Exposures is '1 2', and must have one value for each of 1 times"),
        ({"ContentTimes": "240000"}, "its ContentTimes is '240000'"),
        ({"Laterality": "L" * 129}, "its Laterality is"),
        ({"t1": "soon"}, "its t1 is 'soon'"),
    ],
)
def test_other_values_of_them_are_refused(file_of, fields, reason):
    with pytest.raises(HeaderError, match=reason):
        check_additional_fields(file_of(header(**fields)), SIZE)


def test_exposures_are_counted_by_the_fourth_axis(file_of):
    check_additional_fields(file_of(header(Exposures="1 2 3")), (4, 3, 2, 3))
