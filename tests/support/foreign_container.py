"""Container of other origin: a threshold on a CT, by the standard library. Copied into images; nothing here is hnseg's.

It finds its input by `inputs.json`, writes a label map, a number and a list, and breaks a rule by the word in FAULT.
"""

import array
import json
import os
import sys
import zlib
from pathlib import Path

INPUT, OUTPUT = Path("/input"), Path("/output")
THRESHOLD = 50


def main():
    fault = os.environ.get("FAULT", "")
    assert Path.cwd() == Path("/opt/algorithm"), "the working folder is not the image's"
    sockets = [entry["socket"] for entry in json.loads((INPUT / "inputs.json").read_text())]
    ct = next(socket for socket in sockets if socket["slug"] == "ct-of-the-head")
    header, voxels = read(next((INPUT / ct["relative_path"]).glob("*.mha")))
    labels = bytes(voxel > THRESHOLD for voxel in voxels)
    if fault == "status":
        sys.exit("The head was not found.")
    if fault == "label":
        labels = bytes(7 * value for value in labels)
    if fault == "shift":
        header["Offset"] = "1 2 3"
    folder = OUTPUT / "images" / ("elsewhere" if fault == "folder" else "head-mask")
    folder.mkdir(parents=True)
    write(folder / "result.mha", header, labels)
    if fault != "number":
        (OUTPUT / "head-volume.json").write_text("NaN" if fault == "nan" else str(sum(labels)))
    (OUTPUT / "slices.json").write_text(json.dumps([1, 2, {"a": None}]))
    sys.stdout.write(json.dumps({"level": "info", "notes": 3}) + "\n")


def read(path):
    head, _, rest = path.read_bytes().partition(b"ElementDataFile = LOCAL\n")
    header = dict(line.split(" = ") for line in head.decode().splitlines())
    voxels = array.array("h")
    voxels.frombytes(zlib.decompress(rest) if header.get("CompressedData") == "True" else rest)
    return header, voxels


def write(path, header, labels):
    kept = {key: value for key, value in header.items() if not key.startswith("Compressed")}
    text = "".join(f"{key} = {value}\n" for key, value in {**kept, "ElementType": "MET_UCHAR"}.items())
    path.write_bytes(text.encode() + b"ElementDataFile = LOCAL\n" + labels)


if __name__ == "__main__":
    main()
