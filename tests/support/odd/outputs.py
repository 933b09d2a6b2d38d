"""Odd containers by what they leave in /output."""

from tests.support.odd.container import NO_SENTENCE, PASSES, SOCKET, Odd

EMPTY = f"Output directory '{SOCKET}' is empty"
NO_IMAGE = f"No output images could be imported from '{SOCKET}'"
NO_SEGMENTS = (
    f"The image produced in '{SOCKET}' is not valid. Image segments could not be determined, ensure the voxel values"
    " are integers and that it contains no more than 64 segments. Ensure the image has the minimum and maximum voxel"
    " values set as tags if the image is a TIFF file."
)
AS_MHD = (
    "text, _, voxels = Path(FOLDER, 'output.mha').read_bytes().partition(b'ElementDataFile = LOCAL\\n')\n"
    "Path(FOLDER, 'output.mha').unlink()\n"
)

OUTPUTS = {
    "1,001 files": Odd(
        "for n in range(1001): Path(FOLDER, str(n)).touch()", f"Too many files produced in '{SOCKET}'", "GC-12",
    ),
    "a link to a folder in /output": Odd("os.mkdir('/output/d')\nos.symlink('d', '/output/l')", NO_SENTENCE, "RUN"),
    "a link to nothing": Odd("os.symlink('gone', '/output/l')", NO_SENTENCE, "SHIM"),
    "a link to a file in /output": Odd("os.symlink(FOLDER + '/output.mha', '/output/l')", PASSES, "SHIM"),
    "a link to a file of the image": Odd(
        "os.symlink('/etc/os-release', '/output/l')", PASSES, "SHIM", here=NO_SENTENCE,
        why="stricter here, where no link out of /output can be followed",
    ),
    "a FIFO": Odd("os.mkfifo('/output/fifo')", PASSES, "SHIM", warns="is a FIFO"),
    "a socket": Odd(
        "os.chdir('/output')\nsocket.socket(socket.AF_UNIX).bind('s')", PASSES, "SHIM",
        warns="is a socket",
    ),
    ".mhd with its raw file": Odd(
        AS_MHD + "Path(FOLDER, 'o.mhd').write_bytes(text + b'ElementDataFile = o.raw\\n')\n"
        "Path(FOLDER, 'o.raw').write_bytes(voxels)", PASSES, "PANIMG",
    ),
    ".mhd whose raw file lies outside": Odd(
        AS_MHD + "Path(FOLDER, 'o.mhd').write_bytes(text + b'ElementDataFile = /tmp/o.raw\\n')\n"
        "Path('/tmp/o.raw').write_bytes(voxels)", NO_IMAGE, "PANIMG",
    ),
    "a header that is not UTF-8": Odd("write(Comment='x')\nraw = Path(FOLDER, 'output.mha')\n"
        "raw.write_bytes(raw.read_bytes().replace(b'Comment = x', b'Comment = \\xff'))", NO_IMAGE, "PANIMG",
    ),
    "WindowWidth = x": Odd("write(WindowWidth='x')", NO_IMAGE, "PANIMG"),
    "Exposures = 1 2": Odd("write(Exposures='1 2')", NO_IMAGE, "PANIMG"),
    "a label map of 16 bits": Odd("write(element='MET_SHORT')", NO_SEGMENTS, "GC-12"),
    "a label map of floats": Odd(
        AS_MHD + "text = text.replace(b'MET_UCHAR', b'MET_FLOAT')\n"
        "Path(FOLDER, 'o.mha').write_bytes(text + b'ElementDataFile = LOCAL\\n' + bytes(4 * len(voxels)))",
        NO_SEGMENTS, "GC-12",
    ),
    "a label that was not declared": Odd(
        "write(value=7)",
        f"The image produced in '{SOCKET}' is not valid. The valid voxel values for this segmentation are: {{0, 1, 2}}."
        " This segmentation is invalid as it contains the voxel values: {7}.", "GC-12",
    ),
    "two images": Odd(
        "write('other.mha')", f"Only 1 image should be produced in '{SOCKET}', we found 2", "GC-12",
    ),
    "the wrong folder": Odd("os.rename(FOLDER, '/output/images/other')", EMPTY, "GC-12"),
    "no output": Odd("", EMPTY, "GC-12", writes=False),
    "a .nii.gz": Odd(
        "os.remove(FOLDER + '/output.mha')\nimport gzip\n"
        "Path(FOLDER, 'output.nii.gz').write_bytes(gzip.compress(bytes(500)))", NO_IMAGE, "GC-12",
    ),
    "a label map cut off": Odd("os.truncate(FOLDER + '/output.mha', 900)", NO_IMAGE, "PANIMG"),
}  # fmt: skip
"""Odd containers by name."""
