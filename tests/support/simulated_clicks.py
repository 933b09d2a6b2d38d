"""Records of simulated clicks with given measures."""

from __future__ import annotations

from hnseg.evaluation.clicks.record import Point, Simulation, Step, UserFacts

NONE = {"dsc": None, "nsd": None, "hd_mm": None, "false_positive_ml": 0.0, "false_negative_ml": 0.0}


def user_of(**more) -> UserFacts:
    """Return a user's facts with some of them set."""
    facts = {"protocol": "errors", "rule": "depth", "most_clicks": 3, "most_per_structure": None}
    return UserFacts(**{**facts, "radius_mm": 5.5, "has_guard": True, **more})


def measures(dsc, hd_mm=4.0, fp=0.0) -> dict:
    """Return the measures of a structure."""
    return {"dsc": dsc, "nsd": dsc, "hd_mm": hd_mm, "false_positive_ml": fp, "false_negative_ml": 0.0}


def write_record(folder, name, steps, *, harmful=(), ignored=(), file="clicks.json", **more) -> None:
    """Write the record of a case whose steps have these measures of GTVp and GTVn."""
    made = [
        Step(
            structures={"GTVp": primary, "GTVn": node},
            wrong_ml=1.0,
            does_harm=number in harmful,
            changed_voxels=0 if number in ignored else 7,
            held_back_ml=0.5 if number else 0.0,
        )
        for number, (primary, node) in enumerate(steps)
    ]
    points = tuple(Point(name="GTVp", point=(0, 0, 0)) for _ in made[1:])
    (folder / name).mkdir(parents=True, exist_ok=True)
    record = Simulation(points=points, user=user_of(**more), steps=tuple(made))
    (folder / name / file).write_text(record.model_dump_json())
