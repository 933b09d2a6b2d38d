"""Keys that name a challenge's sockets where series are asked for, such as `ct=3`, and the pairs that a user gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec
from hnseg.printable import printable

NONE = 0
"""Number by which a user says that an optional socket stays empty."""


def socket_keys(spec: ChallengeSpec) -> dict[str, str]:
    """Return the key of each input socket by its slug: its modality where no other has that, else the slug itself.

    >>> from hnseg.platform.challenge import load_challenge
    >>> socket_keys(load_challenge("han_seg").spec)
    {'ct-image': 'ct', 't1-mri': 'mr'}
    """
    counts = Counter(socket.modality for socket in spec.inputs)
    return {
        socket.slug: socket.modality if socket.modality != "unknown" and counts[socket.modality] == 1 else socket.slug
        for socket in spec.inputs
    }


def asked_series(words: Sequence[str], spec: ChallengeSpec) -> dict[str, int]:
    """Return the numbers that a user gave for sockets, by slug.

    Args:
        words: Values of `--series`: pairs such as `ct=3`, several apart by commas or blanks; `none` for the number
            leaves an optional socket empty.
        spec: Description of the sockets.

    Raises:
        InputError: A pair has another form, names no socket or one twice, or leaves a required one empty.
    """
    asked: dict[str, int] = {}
    keys = socket_keys(spec)
    for pair in re.split(r"[,\s]+", ",".join(words).strip(", ")):
        if pair:
            slug, number = _pair(pair, keys)
            if slug in asked:
                raise InputError(f"--series must name each input once, but {keys[slug]} is there twice.")
            if number == NONE and spec.input(slug).required:
                raise InputError(
                    f"--series can leave optional inputs empty, but the {spec.input(slug).title} is required."
                )
            asked[slug] = number
    return asked


def option_of(numbers: Mapping[str, int], spec: ChallengeSpec) -> str:
    """Return the option that repeats a choice, such as `--series ct=3,pet=5`.

    Args:
        numbers: Number of a series for each socket, by slug.
        spec: Description of the sockets.
    """
    keys = socket_keys(spec)
    pairs = (f"{keys[slug]}={'none' if number == NONE else number}" for slug, number in numbers.items())
    return f"--series {','.join(pairs)}"


def _pair(pair: str, keys: Mapping[str, str]) -> tuple[str, int]:
    name, _, number = pair.partition("=")
    slug = next((slug for slug, key in keys.items() if name.lower() in (key, slug)), None)
    if slug is None or not re.fullmatch(r"[1-9][0-9]{0,5}|none", number):
        raise InputError(
            f"--series must have pairs such as {next(iter(keys.values()))}=1, of {', '.join(keys.values())}, with"
            f" numbers as `hnseg dicom list` gives them or none, but there is {printable(pair, longest=60)!r}."
        )
    return slug, NONE if number == "none" else int(number)
