"""Case with a session of refinement that a simulated user clicks through, and the files that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import SimpleITK as sitk

from hnseg.cohort.label_map_file import write_label_map
from hnseg.errors import InputError
from hnseg.evaluation.clicks.record import CLICKS_FILE, EACH_LESION_FILE, Point, Simulation, Step, UserFacts
from hnseg.evaluation.clicks.simulated_user import Rule, Truth, UserRules
from hnseg.evaluation.clicks.simulation import Answer, Choose, Seen, by_errors, by_lesions, simulate
from hnseg.imaging.geometry import array_of, image_of
from hnseg.records import Frozen

if TYPE_CHECKING:
    from hnseg.imaging.prompts.click import Click
    from hnseg.refinement.session import RefinementSession

_MOST_LESIONS = 500


class UserOptions(Frozen):
    """Options of a simulated user."""

    clicks: int = 10
    """Most clicks on errors."""
    rule: Rule = "depth"
    """Error that is clicked first."""
    most_per_structure: int | None = None
    """Most clicks on errors of one structure; None for any."""
    guard: bool = True
    """Whether a click changes only what lies around it."""
    each_lesion: bool = False
    """Whether each lesion is clicked once, too, from the automatic label map anew."""


@dataclass(frozen=True, eq=False)
class ClickedCase:
    """Case that is clicked through.

    Attributes:
        session: Session, without clicks.
        truth: True label map.
        radius_mm: Radius of a click's ball.
        finish: Function that returns a session's label map as the method leaves it, on the grid of the truth.
        start_s: Seconds to the label map without clicks.
    """

    session: RefinementSession
    truth: Truth
    radius_mm: float
    finish: Callable[[sitk.Image], sitk.Image]
    start_s: float

    def click_errors(self, user: UserOptions, folder: Path) -> Path:
        """Click errors, and write `clicks.json` and the label maps of steps 0, 1 and last.

        Returns:
            File of the last label map.

        Raises:
            OutputError: A file can't be written.
        """
        rules = UserRules(user.rule, self.radius_mm, user.most_per_structure)
        facts = self._facts(user, "errors")
        seen = self._clicked(by_errors(self.truth, rules), facts, folder / CLICKS_FILE, label_maps=folder)
        return _label_map_file(folder, seen)

    def click_lesions(self, user: UserOptions, folder: Path) -> None:
        """Go back to the automatic label map, click each lesion once, and write `each_lesion.json`.

        Raises:
            OutputError: It can't be written.
        """
        self.session.reset()
        facts = self._facts(user, "each-lesion").model_copy(update={"most_clicks": _MOST_LESIONS})
        self._clicked(by_lesions(self.truth), facts, folder / EACH_LESION_FILE)

    def _facts(self, user: UserOptions, protocol: Literal["errors", "each-lesion"]) -> UserFacts:
        return UserFacts(
            protocol=protocol,
            rule=user.rule,
            most_clicks=user.clicks,
            most_per_structure=user.most_per_structure,
            radius_mm=self.radius_mm,
            has_guard=user.guard,
        )

    def _clicked(self, choose: Choose, facts: UserFacts, record: Path, *, label_maps: Path | None = None) -> int:
        """Simulate a user, write the record and, if wanted, label maps; return the number of clicks."""
        points: list[Point] = []
        steps: list[Step] = []
        last: Seen | None = None
        start = Answer(self._labels().label_map, seconds=self.start_s)
        for seen in simulate(self.truth, start, self._answer, choose, facts.most_clicks):
            if seen.click is not None:
                points.append(Point(name=seen.click.in_words, point=seen.click.point_mm))
            if label_maps is not None and len(steps) <= 1:
                self._write(seen, _label_map_file(label_maps, len(steps)))
            steps.append(seen.step)
            last = seen
        if label_maps is not None and last is not None and len(steps) > 2:
            self._write(last, _label_map_file(label_maps, len(points)))
        text = Simulation(points=tuple(points), user=facts, steps=tuple(steps)).model_dump_json(indent=2)
        record.write_text(text + "\n", encoding="utf-8")
        return len(points)

    def _answer(self, click: Click) -> Answer:
        """Return the session's answer to a click; a click outside the part that it predicts changes nothing."""
        try:
            change = self.session.add(click)
        except InputError:
            return self._labels()
        return self._labels(held_back_ml=change.held_back_ml, seconds=change.final_s)

    def _labels(self, *, held_back_ml: float = 0.0, seconds: float = 0.0) -> Answer:
        label_map = array_of(self.finish(self.session.label_map))
        return Answer(label_map, held_back_ml=held_back_ml, seconds=seconds)

    def _write(self, seen: Seen, path: Path) -> None:
        write_label_map(image_of(seen.label_map, self.truth.grid), path)


def _label_map_file(folder: Path, step: int) -> Path:
    return folder / f"label_map_{step}.nii.gz"
