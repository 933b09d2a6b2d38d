import typer
from typer.testing import CliRunner

from hnseg.cli.options.cohort import GpusOption, JobOption, OnOption, RetryOption, ShardOption, WorkersOption


def test_options_are_read_as_they_are_described():
    app, given = typer.Typer(), {}

    @app.command()
    def command(
        on: OnOption = "local",
        workers: WorkersOption = None,
        gpus: GpusOption = "",
        shard: ShardOption = "",
        retry_failed: RetryOption = False,
        job_option: JobOption = None,
    ) -> None:
        given.update(on=on, workers=workers, gpus=gpus, shard=shard, retry=retry_failed, job=job_option)

    words = "--on slurm --workers 3 --gpus all --shard 1/2 --retry-failed --job-option=--gres=gpu:1 --job-option=-x"
    assert CliRunner().invoke(app, words.split()).exit_code == 0
    assert given == {
        "on": "slurm", "workers": 3, "gpus": "all", "shard": "1/2", "retry": True, "job": ["--gres=gpu:1", "-x"],
    }  # fmt: skip
    assert CliRunner().invoke(app, ["--on", "moon"]).exit_code == 2
