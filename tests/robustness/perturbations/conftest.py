import pytest

from tests.support.torchio_oracle import VARIABLE, TorchioProcess, pythons_with_torchio


@pytest.fixture(scope="session", params=pythons_with_torchio() or [""])
def ask(request):
    """A function that gives what TorchIO makes of a volume; see `TorchioProcess.ask`."""
    if not request.param:
        pytest.skip(f"{VARIABLE} names no Python that has TorchIO")
    process = TorchioProcess(request.param)
    yield process.ask
    process.end()
