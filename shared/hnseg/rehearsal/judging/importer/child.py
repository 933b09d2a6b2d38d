"""Program for a Python that has panimg: what panimg makes of folders, called as the platform calls it.

    python child.py MOST_MEMORY_BYTES FOLDER...

It imports nothing of this package, so that any Python can run it. Prints one line of JSON with a list for each folder,
in their order: the verdict, which is "no image", "several images", "an error", "no segments" or "a segmentation", and
panimg's own words.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import tempfile
from pathlib import Path


def verdict_on(folder: Path) -> tuple[str, str]:
    """Return panimg's verdict on a folder, and its words on files that it took nothing from."""
    from panimg import convert
    from panimg.image_builders.metaio_mhd_mha import image_builder_mhd
    from panimg.image_builders.tiff import image_builder_tiff

    with tempfile.TemporaryDirectory() as output:
        try:
            result = convert(
                input_directory=folder,
                output_directory=Path(output) / "output",
                builders=[image_builder_mhd, image_builder_tiff],
                post_processors=[],
            )
        except Exception as error:  # noqa: BLE001 (there the job ends, whatever is raised)
            return "an error", f"{type(error).__name__}: {error}"
    errors = "; ".join(f"{file.name}: {' '.join(errors)}" for file, errors in sorted(result.file_errors.items()))
    if len(result.new_images) != 1:
        return ("several images" if result.new_images else "no image"), errors
    (image,) = result.new_images
    return ("no segments" if image.segments is None else "a segmentation"), errors


def main(most_memory: str, *folders: str) -> None:
    """Print the verdicts, within a limit of the memory."""
    resource.setrlimit(resource.RLIMIT_DATA, (int(most_memory), int(most_memory)))
    with contextlib.redirect_stdout(sys.stderr):
        verdicts = [verdict_on(Path(folder)) for folder in folders]
    sys.stdout.write(json.dumps(verdicts) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
