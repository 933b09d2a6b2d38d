"""Conversion of public data to an nnU-Net data set: survey, patients one by one, and what belongs to the whole set.

A challenge describes how a patient is checked and written by a `Recipe`, and then:

    conversion = Conversion(recipe, request)
    sources = conversion.surveyed(finding)          # refuses with the list of all problems, before anything is written
    folds = folds_at_random([...], seed=seed)
    with conversion.converted(sources) as done:     # patients that are finished already are not done again
        write_description(done.work, ...)           # what belongs to the whole data set
        write_json(done.work.raw / CONVERSION_FILE, {**conversion.record(finding), "patients": ...})
    conversion.log_end(...)
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from hnseg.errors import InputError
from hnseg.signals import sigterm_unwinds
from hnseg.version import __version__
from hnseg_training.dataset.conversion.patient_run import Ended, Standing, convert_patient, standing_of
from hnseg_training.dataset.conversion.request import Request
from hnseg_training.dataset.conversion.unfinished import Unfinished
from hnseg_training.dataset.survey.finding import Finding, S
from hnseg_training.dataset.survey.leftovers import grouped, log_leftovers
from hnseg_training.dataset.survey.problem import Problem
from hnseg_training.dataset.survey.problem_list import PROBLEMS_FILE, problems_error
from hnseg_training.dataset.survey.same_person import same_person_problems
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.workers import each

logger = logging.getLogger(__name__)

F = TypeVar("F", bound=BaseModel)
CONVERSION_FILE = "conversion.json"
"""Name of the record of the conversion, in nnU-Net's folder of the raw data set."""


@dataclass(frozen=True)
class Recipe(Generic[S, F]):
    """Recipe for the patients of a challenge. Its functions are pickled for other processes.

    Attributes:
        challenge: Name of the challenge.
        facts: Type of the facts on a patient that `write` returns; they come back from JSON where a run goes on.
        check: Function that looks at a patient's files, their headers and the values of label maps, and returns a
            sentence for each problem. It leaves no trace.
        write: Function that writes a patient's samples into the work folder that it is given (`write_sample`) and
            returns the facts. An InputError of it becomes a problem of the patient in the list at the end.
        depends_on: What a patient's files depend on beside the input files: settings, and the seed where it counts.
            A change of it has every patient converted again.
    """

    challenge: str
    facts: type[F]
    check: Callable[[S], Sequence[str]]
    write: Callable[[WorkFolder, S], F]
    depends_on: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Checksum of what a patient's files depend on beside the input files."""
        content = {"challenge": self.challenge, "version": __version__, **self.depends_on}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Done(Generic[F]):
    """Data set whose patients are all converted.

    Attributes:
        work: Work folder, with the samples of every patient.
        facts: Facts on each patient, in the order of the sources.
        unfinished: State of the data set, by which a patient's file is replaced.
    """

    work: WorkFolder
    facts: Sequence[F]
    unfinished: Unfinished


@dataclass(frozen=True)
class Conversion(Generic[S, F]):
    """Conversion of one challenge's data for one request.

    Attributes:
        recipe: How a patient is checked and written.
        request: What the user asked for.
    """

    recipe: Recipe[S, F]
    request: Request

    def surveyed(self, finding: Finding[S]) -> list[S]:
        """Return the patients to convert, after a look at all files of all of them; nothing is converted yet.

        Patients that an earlier run finished and whose files are unchanged are not looked at again.

        Args:
            finding: Patients by the names of their files.

        Raises:
            InputError: The work folder holds a whole data set, `--leave-out` names no patient, or files are not what
                they must be: then the text is the list of all problems of all patients.
        """
        begun = self._begun()
        self.request.check_names(finding.names)
        sources = [source for source in finding.sources if self.request.takes(source.name)]
        new = self._unfinished_among(sources, begun)
        if problems := [*self._problems_of_names(finding), *self._problems_of(new)]:
            kept = "what was finished before is kept" if begun else "nothing was converted"
            raise self._refusal(problems, patients=len(finding.names), kept=kept)
        if not sources:
            raise InputError("A data set must have patients, but every one that was found is left out.")
        log_leftovers(finding.leftovers)
        return sources

    @contextmanager
    def converted(self, sources: Sequence[S]) -> Iterator[Done[F]]:
        """Convert every patient that is not finished, and yield all of them for what belongs to the whole data set.

        When the block ends without an error the data set is whole. After an error, a full disk or a signal the finished
        patients stay, and the next run goes on with them; where there is none, nothing stays.

        Args:
            sources: Patients that `surveyed` returned.

        Raises:
            InputError: Files are not what they must be in a way that only converting them shows; all such patients are
                listed, and the others are finished.
            OutputError: The work folder can't be written to.
        """
        request = self.request
        with sigterm_unwinds():
            work = self._begun() or WorkFolder.create(
                request.output, challenge=self.recipe.challenge, dataset_id=request.dataset_id
            )
            unfinished = Unfinished(work)
            with unfinished.held():
                try:
                    yield Done(work, self._facts_of(unfinished, sources), unfinished)
                    unfinished.complete()
                except BaseException as error:
                    _keep_finished(unfinished)
                    if isinstance(error, OSError):
                        raise work.unwritable(error) from error
                    raise
        (request.output / PROBLEMS_FILE).unlink(missing_ok=True)

    def record(self, finding: Finding[S]) -> dict[str, Any]:
        """Return what every challenge's `conversion.json` holds: patients left out, and what was not converted."""
        return {"left_out": sorted(set(self.request.leave_out)), "not_converted": grouped(finding.leftovers)}

    def log_end(self, work: WorkFolder, *, patients: int, folds: int, notes: str = "") -> None:
        """Log the last line, which fits a screen: how many patients and folds there are, and where the details are.

        Args:
            work: Work folder of the data set.
            patients: Number of patients that were converted.
            folds: Number of folds.
            notes: A few words of the challenge's, such as "2 without an MR".
        """
        left_out = len(set(self.request.leave_out))
        parts = [f"{left_out} left out"] if left_out else []
        parts += [notes] if notes else []
        logger.info("data set: %s, with %s", work.raw, CONVERSION_FILE)
        logger.info("converted %s", "; ".join([f"{patients} patients, {folds} folds", *parts]))

    def _begun(self) -> WorkFolder | None:
        """Return the work folder of an unfinished data set; None where there is none."""
        return WorkFolder.to_go_on_with(
            self.request.output, challenge=self.recipe.challenge, dataset_id=self.request.dataset_id
        )

    def _problems_of_names(self, finding: Finding[S]) -> Iterator[Problem]:
        """Yield the problems that names show, of the patients that are not left out."""
        yield from (problem for problem in finding.problems if self.request.takes(problem.patient))
        yield from same_person_problems(filter(self.request.takes, finding.names))

    def _problems_of(self, sources: Sequence[S]) -> Iterator[Problem]:
        """Yield the problems of patients' files, of several patients at a time."""
        found = each(self.recipe.check, sources, workers=self.request.workers, title="looking at patients")
        for source, sentences in zip(sources, found, strict=True):
            yield from (Problem(source.name, sentence) for sentence in sentences)

    def _refusal(self, problems: Sequence[Problem], *, patients: int, kept: str) -> InputError:
        return problems_error(problems, patients=patients, output=self.request.output, kept=kept)

    def _unfinished_among(self, sources: Sequence[S], begun: WorkFolder | None) -> list[S]:
        """Return the patients that are to be converted still."""
        if begun is None:
            return list(sources)
        return [source for source in sources if self._standing(begun, source).changed]

    def _standing(self, work: WorkFolder, source: S) -> Standing:
        return standing_of(Unfinished(work), source, recipe_sha256=self.recipe.sha256)

    def _facts_of(self, unfinished: Unfinished, sources: Sequence[S]) -> list[F]:
        """Convert the patients that are not finished, and return the facts on all of them."""
        finished = self._finished_among(unfinished, sources)
        unfinished.keep_only(finished)
        ended = self._ended(unfinished, [source for source in sources if source.name not in finished])
        problems = [Problem(name, one.refusal) for name, one in ended.items() if one.refusal]
        if problems:
            kept = f"the other {len(sources) - len(problems)} are converted and kept"
            raise self._refusal(problems, patients=len(sources), kept=kept)
        facts = {**finished, **{name: one.facts for name, one in ended.items()}}
        return [self.recipe.facts.model_validate(facts[source.name]) for source in sources]

    def _finished_among(self, unfinished: Unfinished, sources: Sequence[S]) -> dict[str, Mapping[str, Any]]:
        """Return the facts on the patients that are finished, by name, and log how many there are."""
        standings = {source.name: self._standing(unfinished.work, source) for source in sources}
        _log_standings(list(standings.values()))
        return {name: standing.facts for name, standing in standings.items() if not standing.changed}

    def _ended(self, unfinished: Unfinished, sources: Sequence[S]) -> dict[str, Ended]:
        """Convert patients, several at a time, and return the end of each by name."""
        convert = partial(
            convert_patient, unfinished=unfinished, write=self.recipe.write, recipe_sha256=self.recipe.sha256
        )
        ended = each(convert, sources, workers=self.request.workers, title="converting patients")
        return {source.name: one for source, one in zip(sources, ended, strict=True)}


def _log_standings(standings: Sequence[Standing]) -> None:
    """Log how many patients are finished, and how many are converted again because something has changed."""
    finished = sum(not standing.changed for standing in standings)
    if finished:
        logger.info("%d of %d patients were finished before", finished, len(standings))
    again = [standing.why for standing in standings if standing.why]
    for why in sorted(set(again)):
        logger.info("%d finished patients are converted again: %s changed", again.count(why), why)


def _keep_finished(unfinished: Unfinished) -> None:
    """Say what is kept of a conversion that has not ended; where no patient is finished, remove everything."""
    if finished := unfinished.finished_count():
        logger.info("%d finished patients are kept; the same command goes on with the others", finished)
    else:
        unfinished.work.discard()
