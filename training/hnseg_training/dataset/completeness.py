"""Completeness of a challenge's public data, as it was unpacked."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.files.visible import beside
from hnseg.printable import printable

logger = logging.getLogger(__name__)

SHOWN = 5  # names in a sentence


def check_nothing_missing(missing: Sequence[str], *, must: str, root: Path) -> None:
    """Refuse data of which files are missing.

    Args:
        missing: Names of the missing files; empty where there are none.
        must: Start of the sentence, such as "Every patient must have a CT".
        root: Folder of the data.

    Raises:
        InputError: There are missing files; the sentence has the first five.
    """
    if missing:
        raise InputError(
            f"{must}, but {listed(missing)} {'are' if len(missing) > 1 else 'is'} missing in {root}."
            " Was the archive unpacked to the end?"
        )


def log_untaken(root: Path, taken: Collection[Path]) -> None:
    """Log the names of files and folders of the data that are not converted, where there are some.

    Args:
        root: Folder of the data.
        taken: Files that are converted.
    """
    names = [printable(str(path.relative_to(root))) for path in beside(root, taken)]
    if names:
        logger.info("not converted from %s: %s", root, listed(names))


def listed(names: Sequence[str]) -> str:
    """Return the first five names in words, and the number of the others.

    >>> listed(["a", "b"]), listed(list("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
