"""Entry point of the container: segment the case that the platform mounted."""

from hnseg.signals import end_on_signals, end_process

end_on_signals()  # before the imports, which take seconds

from containers.recurrence import method  # noqa: E402
from containers.recurrence.spec import SPEC  # noqa: E402
from hnseg.entrypoint import main  # noqa: E402

end_process(main(SPEC, method))
