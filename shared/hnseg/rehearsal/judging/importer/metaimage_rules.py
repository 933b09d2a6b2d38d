"""Headers of MetaImages that the platform's importer refuses, although ITK reads them.

After DIAGNijmegen/rse-panimg at 926e864 (0.18.2), `image_builders/metaio_utils.py` and `metaio_mhd_mha.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

from hnseg.errors import HeaderError
from hnseg.imaging.files.metaimage import header_lines

_MOST_LINES = 10_000
_MOST_LINE_BYTES = 10_000
_NUMBER = r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?"
_TIME = r"(2[0-3]|[0-1]\d)[0-5]\d[0-5]\d(\.\d\d\d)?"
_ONE_NUMBER = re.compile(f"{_NUMBER}$")
_LIST = re.compile(rf"\[({_NUMBER},\s?)*{_NUMBER}]$")
_NUMBER_OR_LIST = re.compile(rf"({_NUMBER}|\[({_NUMBER},\s?)*{_NUMBER}])$")
_WINDOW = ("WindowCenter", "WindowWidth")
_ONE_EACH_TIME = ("Exposures", "ContentTimes")
_FORMS = {
    "Laterality": re.compile(r".{0,128}$"),
    "Exposures": re.compile(rf"{_NUMBER}(\s{_NUMBER})*$"),
    "ContentTimes": re.compile(rf"{_TIME}(\s{_TIME})*$"),
    **dict.fromkeys(_WINDOW, _NUMBER_OR_LIST),
    **dict.fromkeys(("SliceThickness", "SmallestImagePixelValue", "LargestImagePixelValue", "t0", "t1"), _ONE_NUMBER),
}


def names_voxels(path: Path) -> bool:
    """Return whether the importer takes a file for a MetaImage, by a header that names where its voxels lie.

    Args:
        path: Any file.

    Raises:
        HeaderError: The importer refuses the header for its text or the place of the voxels.
        OSError: The file can't be read.
    """
    data_file = _data_file(path)
    if data_file in {None, "LOCAL"}:
        return data_file is not None
    beside = (path.parent / str(data_file)).resolve()
    if path.parent.resolve() not in beside.parents:
        raise HeaderError(f"its ElementDataFile is {data_file!r}, which leads out of its folder")
    if not beside.is_file():
        raise HeaderError(f"its ElementDataFile is {data_file!r}, which is no file and not LOCAL")
    return True


def _data_file(path: Path) -> str | None:
    """Return the value of the first line `ElementDataFile = value`; None without one."""
    with path.open("rb") as file:
        for _ in range(_MOST_LINES):
            line = file.readline(_MOST_LINE_BYTES)
            if not line:
                return None
            if len(line) >= _MOST_LINE_BYTES:
                raise HeaderError(f"a line of its header has over {_MOST_LINE_BYTES:,} bytes")
            try:
                name, equals, value = line.decode("utf-8").partition("=")
            except UnicodeDecodeError as error:
                raise HeaderError("its header holds bytes that are not UTF-8") from error
            if equals and name.strip() == "ElementDataFile":
                return value.strip()
    raise HeaderError(f"its header has over {_MOST_LINES:,} lines")


def check_additional_fields(path: Path, size: tuple[int, ...]) -> None:
    """Check the fields that the importer keeps: window, exposures, times and the like.

    Args:
        path: MetaImage whose header ITK reads.
        size: Its number of voxels along each axis.

    Raises:
        HeaderError: The importer refuses a field.
        OSError: The file can't be read.
    """
    with path.open("rb") as file:
        fields = {name: value.strip() for name, value in header_lines(file) if name in _FORMS}
    for name, value in fields.items():
        if not _FORMS[name].match(value):
            raise HeaderError(f"its {name} is {value[:80]!r}, which the platform's importer does not take")
    times = size[3] if len(size) == 4 else 1
    for name in filter(fields.__contains__, _ONE_EACH_TIME):
        if len(fields[name].split(" ")) != times:
            raise HeaderError(f"its {name} is {fields[name][:80]!r}, and must have one value for each of {times} times")
    _check_window(fields)


def _check_window(fields: dict[str, str]) -> None:
    """Refuse a list of window settings whose counterpart is not a list as long."""
    for name, other in (_WINDOW, _WINDOW[::-1]):
        value, counterpart = fields.get(name, ""), fields.get(other, "")
        if _LIST.match(value) and not (_LIST.match(counterpart) and value.count(",") == counterpart.count(",")):
            raise HeaderError(f"its {name} is the list {value[:80]!r}, and its {other} is no list as long")
