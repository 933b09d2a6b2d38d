import logging

import pytest

from hnseg.errors import InputError
from hnseg_training.fitting.expected.training_need import Gpu, lines_of, need_file, read_need, training_need
from hnseg_training.fitting.preset import PRESETS

DEMO = PRESETS["demo"]


@pytest.fixture(scope="module")
def need(planned):
    return training_need(planned, DEMO, timed=False)


def test_it_says_what_was_planned(need):
    assert (need.spacing_zyx_mm, need.patch_zyx, need.batch_size) == ([3.0, 2.0, 2.0], [16, 64, 64], 2)
    assert (need.network, need.features) == ("PlainConvUNet", (8, 16, 24, 32))
    assert (need.cases, need.folds, need.trained_cases) == (10, 5, 8)
    assert (need.epochs, need.batches) == (20, 20 * 250)


def test_stages_are_trained_one_after_the_other(uiseg, tiny_uiseg):
    stages = tiny_uiseg.stages.values()
    need = training_need(uiseg, tiny_uiseg, timed=False)
    assert need.epochs == sum(stage.epochs for stage in stages)
    assert need.batches == sum(stage.epochs * stage.iterations for stage in stages)


def test_epochs_of_whole_cases_count_the_cases_of_a_fold(runs):
    from tests.support.tiny_recurrence import TINY_PAPER

    need = training_need(runs, TINY_PAPER, timed=False)
    assert need.batches == TINY_PAPER.training.epochs * 2  # 3 patients, 2 a batch


def test_the_table_says_memory_machine_and_time(need):
    timed = need.model_copy(update={"batch_s": 0.5, "measured": "2 patches of 16 x 64 x 64 random voxels", "gpu": None})
    table = dict(line.split("  ", 1) for line in lines_of(timed))
    assert list(table) == ["spacing", "patch", "network", "cases", "memory", "this machine", "a fold"]
    assert "48 x 128 x 128 mm; 2 a batch" in table["patch"]
    assert "a GPU with" in table["memory"]
    assert "without one; estimated" in table["memory"]
    assert "no GPU" in table["this machine"]
    assert "20 epochs, 5000 batches: about 44 min, at 0.5 s a batch" in table["a fold"]


@pytest.mark.parametrize(
    ("update", "fits"),
    [
        ({"gpu": Gpu(name="A", gib=2.0), "gpu_gib": 1.5}, True),
        ({"gpu": Gpu(name="A", gib=1.0), "gpu_gib": 1.5, "ram_gib": 0.1}, False),
        ({"gpu": None, "ram_gib": 9.0, "machine_ram_gib": 8.0}, False),
        ({"gpu": None, "ram_gib": 7.0, "machine_ram_gib": 8.0}, True),
    ],
)
def test_it_fits_a_gpu_or_without_one_the_memory(need, update, fits):
    changed = need.model_copy(update=update)
    assert changed.fits is fits
    machine = next(line for line in lines_of(changed) if line.startswith("this machine"))
    assert ("does not fit. Another preset, or fit with a smaller --batch-size" in machine) is not fits


def test_plan_prints_the_table_and_leaves_it_in_the_work_folder(planned, caplog):
    from hnseg_training.cli.plan import command

    caplog.set_level(logging.INFO, logger="hnseg_training")
    command("hnts_mrg", planned.root, preset="demo", workers=1, timing=True)
    written = read_need(planned, DEMO)
    assert written.batch_s is not None
    assert written.batch_s > 0
    assert "random voxels on" in written.measured
    assert list(lines_of(written)) == [record.getMessage() for record in caplog.records][-7:]


def test_without_a_plan_there_is_no_need(converted):
    preset = PRESETS["dynunet"]
    assert not need_file(converted, preset).exists()
    with pytest.raises(InputError, match="must be a JSON file"):
        read_need(converted, preset)
    need_file(converted, preset).write_text('{"planner": 1}')
    with pytest.raises(InputError, match="must be the record of a training's need, but it is none"):
        read_need(converted, preset)
    need_file(converted, preset).unlink()
