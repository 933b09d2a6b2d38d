"""Failures that a user can cause and cure: each carries one sentence meant for them.

The sentence says what must hold, what was found, in which file, and the likely cause. Any other exception is a
defect of ours and keeps its traceback.

```
Exception
├── UnreadableError          an entry of a container's output, which becomes a finding
├── TooLargeError            an image in it that is too large to import, likewise
├── DiedError                a process that runs cases, which becomes a case's reason
├── StoppedError             what was running when workers were ended
└── HnsegError               a failure with a sentence for the user
    ├── InputError           a case's files, or an option
    │   ├── MemoryShortError an image that needs more memory than there is
    │   └── ProblemsError    files of many patients, with a line a problem
    ├── ModelError           a model folder
    │   └── ConversionError  a network that OpenVINO can't run
    ├── OutputError          a result that can't be written or accepted
    ├── DeadlineError        the time that was given
    ├── WorkError            work on many cases that can't be loaded
    └── EngineError          Docker, Podman or Apptainer
ValueError
└── HeaderError              what an image file's header or voxels lack, as part of a sentence
    └── UnclearError         of an output that can't be read here, and might be by the platform's importer
BaseException
└── TimeOverError            a case's time is over while something still runs
SystemExit                   a signal stopped the process
└── StoppedWithOutputError   after a complete output was written
```
"""

from __future__ import annotations


class HnsegError(Exception):
    """Failure with a sentence for the user; programs end with status 1."""


class InputError(HnsegError):
    """Input that breaks what the challenge promises or what an option asks for."""


class MemoryShortError(InputError):
    """Image that needs more memory than there is; on another machine, or when less else runs, it may not."""


class ProblemsError(InputError):
    """Problems of the files of many patients: the text has several lines, one a problem, each printable."""


class ModelError(HnsegError):
    """Model folder that can't be used as it is."""


class ConversionError(ModelError):
    """Network that torch can run and OpenVINO can't."""


class OutputError(HnsegError):
    """Result that can't be written, or would not be accepted."""


class DeadlineError(HnsegError):
    """Time limit that passed before there was a result."""


class WorkError(HnsegError):
    """Work on many cases that can't be loaded, so that every case would fail."""


class EngineError(HnsegError):
    """Failure of the container engine: it is missing, does not answer, or refuses a command.

    Attributes:
        engine_says: Last line that the engine wrote; "" where it wrote none.
    """

    def __init__(self, sentence: str, *, engine_says: str = "") -> None:
        super().__init__(sentence)
        self.engine_says = engine_says


class UnreadableError(Exception):
    """Entry of a container's output that can't be opened or read; what copies the output makes a finding of it."""


class TooLargeError(Exception):
    """Image of a container's output that has more voxels than the platform's importer can hold."""


class DiedError(Exception):
    """End of a process that was to run a case; its text is the reason, to follow "because"."""


class StoppedError(Exception):
    """Stop of a worker before its case had ended."""


class HeaderError(ValueError):
    """Header of an image file that is not understood, or that promises what the file does not hold.

    Its text is the reason as part of a sentence, such as "its NDims is 100, not 2 to 4". It does not leave the package:
    the reader makes the sentence, with the image's title and its file.
    """


class UnclearError(HeaderError):
    """File of a container's output that can't be read here, and that the platform's importer may take."""


class TimeOverError(BaseException):
    """Alarm at the end of a case's time; no `except Exception` on its way may take it for a failure of its own."""


class StoppedWithOutputError(SystemExit):
    """Stop by a signal of a case that was not finished, but has a complete output: the best one there was by then."""
