"""Interruption of a training as by ctrl-C, when a sentence of its log appears."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class _Interruption(logging.Handler):
    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._sentence = sentence

    def emit(self, record: logging.LogRecord) -> None:
        if self._sentence in record.getMessage():
            raise KeyboardInterrupt


@contextmanager
def interrupted_at(sentence: str) -> Iterator[None]:
    """Interrupt what the block does when it logs a sentence with these words; it must come to that."""
    interruption, logger = _Interruption(sentence), logging.getLogger("hnseg_training")
    level = logger.level
    logger.addHandler(interruption)
    logger.setLevel(logging.INFO)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        logger.removeHandler(interruption)
        logger.setLevel(level)
