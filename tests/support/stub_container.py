"""Stub of a container: writes an output on its input's grid. Copied into images: the standard library only."""

from pathlib import Path

SCAN = "images/mid-rt-t2w-head-neck"
OUTPUT = "images/mri-head-neck-segmentation"
SIZES = {"MET_UCHAR": 1, "MET_SHORT": 2}


def header(folder="/input"):
    """Return the scan's MetaImage header as a dictionary."""
    scan = next(Path(folder, SCAN).glob("*.mha"))
    lines = scan.read_bytes().partition(b"ElementDataFile")[0].decode().splitlines()
    return dict(line.split(" = ") for line in lines)


def write(name="output.mha", *, value=1, element="MET_UCHAR", input_dir="/input", output_dir="/output", **changed):
    """Write a label map with one voxel of a value on the scan's grid, or with a changed header."""
    pairs = {**header(input_dir), "ElementType": element, "CompressedData": "False", **changed}
    pairs.pop("CompressedDataSize", None)
    count = 1
    for size in pairs["DimSize"].split():
        count *= int(size)
    voxels = value.to_bytes(SIZES[element], "little").ljust(count * SIZES[element], b"\0")
    text = "".join(f"{key} = {value}\n" for key, value in pairs.items())
    path = Path(output_dir, OUTPUT, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() + b"ElementDataFile = LOCAL\n" + voxels)
