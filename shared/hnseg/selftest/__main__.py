"""Self-test of a container's device: `docker run --rm --gpus all IMAGE selftest`. Prints a line a row to stdout."""

import sys

from hnseg.errors import HnsegError
from hnseg.selftest.selftest import run_selftest
from hnseg.selftest.text import last_line_of, line_of


def main() -> int:
    """Run the self-test; 0 where the device is usable, 1 where it is not or the model can't be used."""
    try:
        result = run_selftest(tell=lambda row: print(line_of(row), flush=True))
    except HnsegError as error:
        print(error, file=sys.stderr)
        return 1
    print(last_line_of(result))
    return 0 if result.is_usable else 1


if __name__ == "__main__":
    sys.exit(main())
