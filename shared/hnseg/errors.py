"""The failures a user can cause and cure: each carries one sentence meant for them.

The sentence says what must hold, what was found, in which file, and the likely cause. Any other exception is a
defect of ours and keeps its traceback.
"""


class HnsegError(Exception):
    """A failure with a sentence for the user; programs end with status 1."""


class InputError(HnsegError):
    """A case's files break what the challenge promises."""


class ModelError(HnsegError):
    """A model folder can't be used as it is."""


class OutputError(HnsegError):
    """A result can't be written, or would not be accepted."""


class DeadlineError(HnsegError):
    """The time that was given ran out."""


class StoppedWithOutputError(SystemExit):
    """A signal stopped a case that was not finished, but has a complete output: the best that there was so far."""
