"""Sessions of refinement: clicks change the label map near them, and everything can be taken back to the bit."""

import dataclasses
import gc
import tracemalloc

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError, ModelError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict
from hnseg.refinement.guard import Guard
from hnseg.refinement.session import RefinementSession
from tests.support.clicked_ensembles import GRID, Blobs, by_hand, click, image
from tests.support.small_ensembles import only

PLAIN = Effort(mirroring=False)
CLICKS = (
    click("GTVp", (10, 20, 6)),
    click("GTVn", (14, 22, 7)),
    click("GTVn", (22, 33, 13), is_positive=False),
    click("GTVp", (11, 24, 6), is_positive=False),
)


def labels_of(session):
    return array_of(session.label_map)


def distances_mm(to):
    """Return the distance of every voxel of the image from a click."""
    points = GRID.points_mm(np.indices(GRID.shape_zyx)[::-1].reshape(3, -1).T.astype(float))
    return np.linalg.norm(points - to.point_mm, axis=1).reshape(GRID.shape_zyx)


def test_it_starts_from_the_prediction_without_clicks(untrained):
    session = RefinementSession(untrained, image(), effort=PLAIN)
    expected = predict(untrained, image(), effort=PLAIN).label_map
    np.testing.assert_array_equal(labels_of(session), array_of(expected))
    assert Grid.of(session.label_map) == GRID
    assert session.clicks == ()


def test_it_starts_from_a_saved_label_map_or_from_nothing(blobs):
    saved = np.zeros(GRID.shape_zyx, np.uint8)
    saved[3:5, 40:50, 3:30] = 2
    session = RefinementSession(blobs, image(), start=image_of(saved, GRID))
    np.testing.assert_array_equal(labels_of(session), saved)
    assert not labels_of(RefinementSession(blobs, image(), start="empty")).any()


def test_a_positive_click_adds_its_structure_and_tells_how_much(blobs):
    session = RefinementSession(blobs, image(), start="empty")
    change = session.add(click("GTVp", (10, 20, 6)))
    labels = labels_of(session)
    assert labels[6, 20, 10] == 1
    assert change.is_followed
    assert set(np.unique(labels)) == {0, 1}
    millilitres = (labels == 1).sum() * GRID.voxel_volume_mm3 / 1000
    told = change.structures["GTVp"]
    assert (told.before_ml, told.removed_ml) == (0, 0)
    assert told.after_ml == told.added_ml == pytest.approx(millilitres, abs=1e-6)
    assert change.structures["GTVn"].added_ml == 0
    assert change.voxels == np.count_nonzero(labels)
    assert 0 < change.first_s <= change.final_s


def test_a_negative_click_takes_it_away(blobs):
    session = RefinementSession(blobs, image())
    assert labels_of(session)[14, 34, 24] == 2
    change = session.add(click("GTVn", (24, 34, 14), is_positive=False))
    assert labels_of(session)[14, 34, 24] == 0
    assert change.is_followed
    told = change.structures["GTVn"]
    assert told.after_ml == pytest.approx(told.before_ml - told.removed_ml, abs=1e-5)
    assert told.removed_ml > 0


def test_a_window_gives_the_labels_of_the_whole_image_where_networks_look_no_further(untrained):
    """A network that sees a few voxels around each alone has the same logits in any tile."""
    ensemble = by_hand(untrained, Blobs(grown=1))
    guarded = RefinementSession(ensemble, image(), guard=Guard(reach_mm=500))
    for each in CLICKS:
        guarded.add(each)
    expected = predict(ensemble, dataclasses.replace(image(), clicks=CLICKS)).label_map
    np.testing.assert_array_equal(labels_of(guarded), array_of(expected))


def test_without_a_guard_the_label_map_is_the_containers_with_all_clicks(untrained):
    session = RefinementSession(untrained, image(), guard=None, effort=PLAIN)
    for each in CLICKS[:2]:
        change = session.add(each)
        assert change.held_back_voxels == 0
    expected = predict(untrained, dataclasses.replace(image(), clicks=CLICKS[:2]), effort=PLAIN).label_map
    np.testing.assert_array_equal(labels_of(session), array_of(expected))
    session.undo()
    once = predict(untrained, dataclasses.replace(image(), clicks=CLICKS[:1]), effort=PLAIN).label_map
    np.testing.assert_array_equal(labels_of(session), array_of(once))


@pytest.mark.parametrize("reach_mm", [6.0, 15.0])
def test_the_guard_lets_nothing_change_far_away(untrained, reach_mm):
    session = RefinementSession(untrained, image(), guard=Guard(reach_mm=reach_mm), effort=PLAIN)
    held_back = 0
    for each in CLICKS:
        former = labels_of(session)
        change = session.add(each)
        differing = labels_of(session) != former
        assert differing.sum() == change.voxels
        assert not differing[distances_mm(each) > reach_mm + 1e-6].any()
        held_back += change.held_back_voxels
    assert held_back > 0


def test_what_is_held_back_is_told(untrained):
    far = by_hand(untrained, Blobs(far=True))
    free = RefinementSession(far, image(), start="empty", guard=Guard(reach_mm=500))
    near = RefinementSession(by_hand(untrained, Blobs()), image(), start="empty", guard=Guard(reach_mm=500))
    told, expected = free.add(CLICKS[0]), near.add(CLICKS[0])
    np.testing.assert_array_equal(labels_of(free), labels_of(near))
    assert told.held_back_voxels > expected.held_back_voxels
    assert told.held_back_ml == pytest.approx(told.held_back_voxels * GRID.voxel_volume_mm3 / 1000)


def test_a_click_that_is_not_followed_is_told_and_not_forced(untrained):
    class Deaf(Blobs):
        def forward(self, batch):
            return super().forward(batch * 0)

    session = RefinementSession(by_hand(untrained, Deaf()), image(), start="empty")
    change = session.add(click("GTVp", (10, 20, 6)))
    assert not change.is_followed
    assert not labels_of(session).any()
    assert session.add(click("GTVp", (30, 20, 6), is_positive=False)).is_followed


def test_without_a_guard_one_fold_answers_first_where_that_is_asked(untrained):
    session, seen = RefinementSession(untrained, image(), guard=None, effort=PLAIN), []
    session.add(CLICKS[0])
    session.add(CLICKS[1], lambda change: seen.append((change, labels_of(session))))
    ((change, first),) = seen
    clicked = dataclasses.replace(image(), clicks=CLICKS[:2])
    np.testing.assert_array_equal(first, array_of(predict(only(untrained, 0), clicked, effort=PLAIN).label_map))
    assert change.first_s == session.changes[1].first_s < session.changes[1].final_s
    np.testing.assert_array_equal(labels_of(session), array_of(predict(untrained, clicked, effort=PLAIN).label_map))


def test_one_fold_answers_first_and_the_mean_of_all_last(untrained):
    ensemble = by_hand(untrained, Blobs(grown=3), Blobs(grown=1))
    session = RefinementSession(ensemble, image(), start="empty")
    seen = []
    session.add(CLICKS[0], lambda change: seen.append((change, labels_of(session))))
    ((change, first),) = seen
    alone = RefinementSession(by_hand(untrained, Blobs(grown=3)), image(), start="empty")
    alone.add(CLICKS[0])
    np.testing.assert_array_equal(first, labels_of(alone))
    assert change.voxels == np.count_nonzero(first)
    final = labels_of(session)
    assert 0 < np.count_nonzero(final) < np.count_nonzero(first)
    assert len(session.clicks) == 1


def test_a_click_that_fails_leaves_the_session_as_it_was(untrained):
    session = RefinementSession(by_hand(untrained, Blobs(), Blobs()), image())
    session.add(CLICKS[0])
    former = labels_of(session)

    def fail(_change):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.add(CLICKS[1], fail)
    np.testing.assert_array_equal(labels_of(session), former)
    assert session.clicks == CLICKS[:1]


def test_undo_redo_and_reset_give_back_the_very_label_maps(untrained):
    session = RefinementSession(untrained, image(), effort=PLAIN)
    maps, changes = [labels_of(session)], []
    for each in CLICKS:
        changes.append(session.add(each))
        maps.append(labels_of(session))
    for change, former in zip(changes[::-1], maps[-2::-1], strict=True):
        assert session.undo() == change
        np.testing.assert_array_equal(labels_of(session), former)
    assert session.undo() is None
    for change, later in zip(changes, maps[1:], strict=True):
        assert session.redo() == change
        np.testing.assert_array_equal(labels_of(session), later)
    assert session.redo() is None
    assert session.changes == tuple(changes)
    session.reset()
    np.testing.assert_array_equal(labels_of(session), maps[0])
    assert session.redo() is None
    assert session.clicks == ()


def test_the_same_clicks_give_the_same_bits_also_after_undone_ones(untrained):
    straight, winding = (RefinementSession(untrained, image(), effort=PLAIN) for _ in range(2))
    for each in CLICKS:
        straight.add(each)
        winding.add(CLICKS[0])
        winding.undo()
        winding.add(each)
        np.testing.assert_array_equal(labels_of(winding), labels_of(straight))
    volumes = [[change.structures for change in session.changes] for session in (straight, winding)]
    assert volumes[0] == volumes[1]


def test_a_new_click_forgets_what_was_undone(blobs):
    session = RefinementSession(blobs, image())
    session.add(CLICKS[0])
    session.undo()
    session.add(CLICKS[1])
    assert session.redo() is None


def test_a_click_of_no_structure_is_of_the_one_there_or_of_the_most_probable(blobs):
    session = RefinementSession(blobs, image())
    assert session.add(click(None, (24, 34, 14), is_positive=False)).click == click(
        "GTVn", (24, 34, 14), is_positive=False
    )
    session.reset()
    empty = RefinementSession(blobs, image(), start="empty")
    assert empty.add(click(None, (24, 34, 14))).click.structure == "GTVn"


def test_a_click_in_what_is_cropped_away_changes_nothing(blobs):
    array = image().array.copy()
    array[:, :, :, :8] = 0  # the network sees what is not zero in every channel
    session = RefinementSession(blobs, dataclasses.replace(image(), array=array), start="empty")
    change = session.add(click("GTVp", (1, 20, 6)))
    assert (change.voxels, change.is_followed) == (0, False)
    assert session.add(click("GTVp", (12, 20, 6))).is_followed


def test_an_image_smaller_than_a_patch_is_refined_too(blobs):
    grid = dataclasses.replace(GRID, size_xyz=(20, 30, 4))
    small = dataclasses.replace(image(), array=image().array[:, :4, :30, :20], grid=grid)
    session = RefinementSession(blobs, small, start="empty")
    session.add(click("GTVp", (19, 29, 3)))
    labels = labels_of(session)
    assert labels[3, 29, 19] == 1
    assert not labels[:, :10].any()


def test_memory_grows_by_little_with_every_click(blobs):
    session = RefinementSession(blobs, image())
    rng = np.random.default_rng(5)

    def go_on(count):
        for _ in range(count):
            where = tuple(int(rng.integers(0, size)) for size in GRID.size_xyz)
            session.add(click(("GTVp", "GTVn")[rng.integers(2)], where, is_positive=bool(rng.integers(2))))

    go_on(5)
    gc.collect()
    tracemalloc.start()
    go_on(40)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(change.voxels for change in session.changes) > 5000
    assert taken < 40 * 4000  # a label map of this image would take 57,600 bytes each
    session.reset()
    np.testing.assert_array_equal(labels_of(session), labels_of(RefinementSession(blobs, image())))


def _with_dataset(ensemble, **changed):
    """Return an ensemble whose dataset.json says something else."""
    dataset = ensemble.bundle.dataset.model_copy(update=changed)
    return dataclasses.replace(ensemble, bundle=dataclasses.replace(ensemble.bundle, dataset=dataset))


def test_what_can_not_be_refined_is_refused(blobs):
    with pytest.raises(ModelError, match=r"A model must have channels for clicks to refine by them, but dataset\.json"):
        RefinementSession(_with_dataset(blobs, prompts=None), image())
    with pytest.raises(ModelError, match=r"must have the 1 images of the model .* \(noNorm\), but has 2"):
        RefinementSession(blobs, dataclasses.replace(image(), array=np.concatenate([image().array] * 2)))
    labels = {"background": 0, "GTVp": (1, 2), "GTVn": 2}
    regions = _with_dataset(blobs, labels=labels, regions_class_order=(1, 2))
    with pytest.raises(ModelError, match=r"must give every voxel one label, but the labels of .* are regions"):
        RefinementSession(regions, image())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (click("GTVx", (1, 1, 1)), r"A click must be of GTVp, GTVn, .* but it is of GTVx"),
        (click("GTVp", (40, 1, 1)), r"A click must lie in the image, but .* is voxel \(40\.0, 1\.0, 1\.0\) of"),
        (click(None, (-1, 1, 1)), r"A click must lie in the image, but .* is voxel \(-1\.0, 1\.0, 1\.0\) of"),
        (click("GTVn", (1, 1, np.nan)), r"A click must lie in the image, but .*nan"),
    ],
)
def test_a_click_that_can_not_be_used_is_refused(blobs, wrong, sentence):
    session = RefinementSession(blobs, image(), start="empty")
    with pytest.raises(InputError, match=sentence):
        session.add(wrong)
    assert session.clicks == ()


def test_a_saved_label_map_of_another_image_or_model_is_refused(blobs):
    with pytest.raises(InputError, match=r"must be on the image's grid, but it has spacing"):
        RefinementSession(blobs, image(), start=sitk.Image([40, 60, 24], sitk.sitkUInt8))
    with pytest.raises(InputError, match=r"must have the model's labels 0, 1 \(GTVp\), 2 \(GTVn\) .* but it has 7"):
        RefinementSession(blobs, image(), start=image_of(np.full(GRID.shape_zyx, 7, np.uint8), GRID))
