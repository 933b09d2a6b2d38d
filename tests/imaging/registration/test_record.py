import json
from dataclasses import asdict

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.registration import Quality, Registration, Report
from hnseg.imaging.registration.record import record_of

QUALITY = Quality(
    mutual_information=0.5,
    correlation=0.3,
    body_dice=0.9,
    overlap=1.0,
    drop=0.1,
    drift_mm=1.0,
    rotation_deg=12.0,
    shift_mm=30.0,
)


def test_a_record_carries_points_as_the_transform_does(pose):
    transform = pose((5, -4, 8), (12, -20, 9), centre_mm=(40, -30, 20))
    record = record_of(
        Registration(transform, Report("registered", quality=QUALITY)), fixed="a", moving="b", seconds=1.26
    )
    for point in np.random.default_rng(0).uniform(-200, 200, (20, 3)):
        np.testing.assert_allclose(
            np.array(record["matrix"]) @ point + record["offset_mm"],
            transform.TransformPoint(point.tolist()),
            atol=1e-9,
        )


def test_a_record_is_plain_values_with_all_of_the_report():
    report = Report("rejected", reason="the images agree too little", quality=QUALITY, near_body_only=True)
    record = record_of(Registration(sitk.Euler3DTransform(), report), fixed="ct", moving="mr", seconds=1.26)
    assert json.loads(json.dumps(record)) == record
    assert {name: record[name] for name in asdict(report)} == asdict(report)
    assert (record["fixed"], record["moving"], record["seconds"]) == ("ct", "mr", 1.3)
