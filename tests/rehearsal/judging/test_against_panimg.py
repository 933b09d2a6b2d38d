"""Odd output folders: the verdict here is that of panimg, or named below as stricter.

`PANIMG_TAKES` holds what panimg 0.18.2 makes of each folder. Where there is a Python with panimg, in this one or named
by HNSEG_TEST_PANIMG, panimg itself is asked again.
"""

import json
import subprocess
from pathlib import Path

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.judging.importer import child
from hnseg.rehearsal.judging.outputs import import_output
from hnseg.rehearsal.profile import profile_of
from tests.support.odd_outputs import KINDS

PANIMG_TAKES = {
    "uint8": "a segmentation",
    "int8": "a segmentation",
    "uint16": "no segments",
    "int16": "no segments",
    "int32": "no segments",
    "float": "no segments",
    "double": "no segments",
    "long of four bytes": "no segments",
    "long long": "no segments",
    "array type": "no segments",
    "no such type": "no image",
    "type other": "no image",
    "no type": "no image",
    "two components": "an error",
    "three components": "no segments",
    "four components": "no segments",
    "five components": "no image",
    "no components": "no image",
    "1-D": "no image",
    "2-D": "a segmentation",
    "4-D of 0 and 1": "a segmentation",
    "4-D of more values": "no segments",
    "4-D of 65 volumes": "no segments",
    "5-D": "no image",
    "a size of 0": "an error",
    "a negative size": "no image",
    "a size of two numbers": "no image",
    "no size": "no image",
    "no dimensions": "no image",
    "DimSize twice": "a segmentation",
    "spacing 0": "no image",
    "negative spacing": "a segmentation",
    "spacing nan": "no image",
    "spacing of two numbers": "no image",
    "no spacing": "a segmentation",
    "spacing as text": "no image",
    "origin nan": "a segmentation",
    "origin and position": "a segmentation",
    "a direction of zeros": "no image",
    "a sheared direction": "a segmentation",
    "no direction": "a segmentation",
    "deflated": "a segmentation",
    "deflated, size not told": "a segmentation",
    "deflated, size wrong": "a segmentation",
    "deflated, cut": "no image",
    "deflated, said to be plain": "no image",
    "cut": "no image",
    "one byte more": "a segmentation",
    "no voxels": "no image",
    "voxels as text": "a segmentation",
    "BinaryData not told": "a segmentation",
    "big-endian uint8": "a segmentation",
    "a header size": "a segmentation",
    "a header size of -1": "a segmentation",
    "values over 63": "a segmentation",
    "Local": "no image",
    "local": "no image",
    "another suffix": "a segmentation",
    "no suffix": "a segmentation",
    "LOCAL in an mhd": "a segmentation",
    "an mha that names a file": "a segmentation",
    "mhd": "a segmentation",
    "mhd, deflated": "a segmentation",
    "mhd, raw in a folder": "a segmentation",
    "mhd, raw beside and in a folder": "a segmentation",
    "mhd, raw by ./": "a segmentation",
    "mhd, raw by an absolute path": "a segmentation",
    "mhd, raw outside": "no image",
    "mhd, raw a folder up": "no image",
    "mhd, no raw": "no image",
    "mhd, raw cut": "no image",
    "mhd, raw too long": "a segmentation",
    "mhd, a blank in the name": "a segmentation",
    "mhd, a letter beyond ASCII": "a segmentation",
    "mhd, a list of files": "no image",
    "mhd, a pattern of files": "no image",
    "mhd, its raw is an mha": "several images",
    "window": "a segmentation",
    "window width x": "no image",
    "window width of two numbers": "no image",
    "window width list alone": "no image",
    "window lists": "a segmentation",
    "window lists of two lengths": "no image",
    "window list and number": "no image",
    "window width 1e3": "a segmentation",
    "window width 1.": "no image",
    "window width empty": "no image",
    "one exposure": "a segmentation",
    "two exposures of one time": "no image",
    "two exposures of two times": "a segmentation",
    "an exposure that is no number": "no image",
    "content times": "a segmentation",
    "content times beyond a day": "no image",
    "laterality of 128 characters": "a segmentation",
    "laterality of 129 characters": "no image",
    "slice thickness": "a segmentation",
    "slice thickness as text": "no image",
    "t0 and t1": "a segmentation",
    "t1 as text": "no image",
    "smallest value as text": "no image",
    "both extremes": "a segmentation",
    "exposures with two blanks": "no image",
    "a window by a colon": "no image",
    "window width twice, the last x": "no image",
    "window width x after a blank": "a segmentation",
    "a field of its own": "a segmentation",
    "a comment in UTF-8": "a segmentation",
    "a comment that is not UTF-8": "no image",
    "a field that is not UTF-8": "no image",
    "a zero byte": "a segmentation",
    "a comment of 300 characters": "a segmentation",
    "a line of 9,000 bytes": "a segmentation",
    "a line of 20,000 bytes": "no image",
    "12,000 lines": "no image",
    "blank lines": "a segmentation",
    "lines that end as on Windows": "a segmentation",
    "no blanks": "a segmentation",
    "colons": "no image",
    "a colon before LOCAL": "no image",
    "names in lower case": "no image",
    "an object that is no image": "a segmentation",
    "no object": "a segmentation",
    "no data file": "no image",
    "the data file first": "no image",
    "no file": "no image",
    "an empty file": "no image",
    "text": "no image",
    "a NIfTI": "no image",
    "an NRRD": "no image",
    "in a folder": "a segmentation",
    "two images": "several images",
    "two images, one cut": "a segmentation",
    "two images, one with an odd window": "a segmentation",
    "an image and text": "a segmentation",
    "an image and a TIFF": "several images",
    "TIFF": "no segments",
    "TIFF, big-endian": "no segments",
    "TIFF under another name": "no segments",
    "TIFF in inches": "no segments",
    "TIFF without a unit": "no image",
    "TIFF, unit not told": "no image",
    "TIFF without resolution": "no image",
    "TIFF with resolution 0": "no image",
    "TIFF with resolution over 0": "no image",
    "TIFF, extremes not told": "no segments",
    "TIFF, extremes far apart": "no segments",
    "TIFF, largest value 0": "no segments",
    "TIFF, values 1 to 2": "a segmentation",
    "TIFF, big-endian, values 1 to 2": "a segmentation",
    "TIFF, values 1 to 65": "no segments",
    "TIFF, three colours, values 1 to 2": "no segments",
    "TIFF, float, values 1 to 2": "no segments",
    "TIFF, three colours": "no segments",
    "TIFF, white is zero": "no image",
    "TIFF, uint16": "no segments",
    "TIFF, float": "no segments",
    "TIFF, int8": "no segments",
    "TIFF, two pages": "no segments",
    "TIFF, pixels cut": "no segments",
    "TIFF, directory cut": "no image",
    "TIFF, its first bytes": "no image",
}
"""What panimg 0.18.2 makes of each folder, asked on 2026-11-29."""

STRICTER = {
    "array type": "ITK trusts such a header, and two readers take it differently",
    "DimSize twice": "ITK trusts such a header, and two readers take it differently",
    "origin nan": "no evaluator can place it",
    "origin and position": "ITK trusts such a header, and two readers take it differently",
    "deflated, size not told": "ITK does not inflate it, and takes what lies there for voxels",
    "deflated, size wrong": "ITK fills up what is missing",
    "one byte more": "voxels and size do not belong together",
    "voxels as text": "ITK trusts such a header, and two readers take it differently",
    "BinaryData not told": "ITK trusts such a header, and two readers take it differently",
    "a header size": "ITK skips bytes, so its voxels are others",
    "a header size of -1": "ITK trusts such a header, and two readers take it differently",
    "an mha that names a file": "ITK trusts such a header, and two readers take it differently",
    "mhd, raw in a folder": "only a file beside the header is opened on this machine",
    "mhd, raw beside and in a folder": "only a file beside the header is opened on this machine",
    "mhd, raw by ./": "only a file beside the header is opened on this machine",
    "mhd, raw by an absolute path": "it leads out of the folder there, which is another one",
    "mhd, raw too long": "voxels and size do not belong together",
    "mhd, a letter beyond ASCII": "its name is used as a print format by ITK",
    "a zero byte": "ITK ends the line there",
    "a comment of 300 characters": "ITK copies it into 255",
    "an object that is no image": "ITK trusts such a header, and two readers take it differently",
    "two images, one cut": "the one that can't be read may be an image there",
    "TIFF, pixels cut": "its pixels can't be shown",
}
"""Folders that are refused here and not there, and why."""
PROFILE = profile_of(SPEC.limits)


@pytest.fixture
def written(tmp_path):
    """Write a folder of one kind below an output, and return the output."""

    def write(kind):
        output = tmp_path / str([*KINDS].index(kind))
        folder = output / SPEC.output.relative_path
        folder.mkdir(parents=True)
        KINDS[kind](folder)
        return output

    return write


def verdict_here(output):
    """Our import's verdict, in the words of the program that asks panimg."""
    findings = import_output(SPEC.output, output, PROFILE).findings
    says = next((finding.platform_says for finding in findings if finding.severity == "failure"), "")
    if "Only 1 image" in says:
        return "several images"
    if "segments could not be determined" in says:
        return "no segments"
    return "a segmentation" if not says or "valid voxel values" in says else "no image"


def is_refused(verdict):
    return verdict != "a segmentation"


def test_every_kind_has_a_verdict_of_panimg():
    assert [*PANIMG_TAKES] == [*KINDS]
    assert len(KINDS) >= 60
    assert {*STRICTER} <= {*KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_is_panimgs(written, kind):
    verdict = verdict_here(written(kind))
    if kind in STRICTER:
        assert is_refused(verdict)
        assert verdict != PANIMG_TAKES[kind]
    elif PANIMG_TAKES[kind] == "an error":
        assert is_refused(verdict)
    else:
        assert verdict == PANIMG_TAKES[kind]


def test_panimg_itself_still_says_so(written, python_with_panimg):
    folders = {kind: written(kind) / SPEC.output.relative_path for kind in KINDS}
    program = [python_with_panimg, child.__file__, str(8 << 30), *map(str, folders.values())]
    done = subprocess.run(program, capture_output=True, check=True, timeout=300)
    verdicts = [verdict for verdict, _ in json.loads(done.stdout)]
    assert dict(zip(folders, verdicts, strict=True)) == PANIMG_TAKES


def test_the_program_that_asks_panimg_needs_nothing_of_this_package():
    assert "hnseg" not in Path(child.__file__).read_text(encoding="utf-8")
