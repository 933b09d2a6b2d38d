"""Printable form of texts of other origin, which may hold characters that steer a terminal or that no file can hold."""

from __future__ import annotations

import unicodedata


def printable(text: str, *, longest: int | None = None) -> str:
    r"""Return a text with every character that can't be seen as an escape, such as `\x1b`.

    Escaped are control characters but the tab, line ends, characters that turn the direction of the writing, and halves
    of surrogate pairs, by which Python stands for the bytes of a name that is not UTF-8. The result can be encoded as
    UTF-8 and stays on one line.

    Args:
        text: Text of any origin.
        longest: Number of characters from which on the text is cut, its end replaced by three dots; None for all.

    >>> printable("GTVp\x1b[31m\n")
    'GTVp\\x1b[31m\\n'
    >>> printable("case [3] µ")
    'case [3] µ'
    >>> printable("a" * 9, longest=5)
    'aa...'
    """
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 3]}..."
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def is_utf8(path: str) -> bool:
    r"""Return whether a path, as Python gives it, has only names that are UTF-8.

    >>> is_utf8("caf\u00e9"), is_utf8("caf\udce9")
    (True, False)
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(character: str) -> str:
    if character.isprintable() or character == "\t" or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
