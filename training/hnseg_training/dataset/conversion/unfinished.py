"""Unfinished data set: a raw data set with the state of each finished patient, which a later run goes on with.

```
nnUNet_raw/Dataset505_han_seg/imagesTr, labelsTr       files of finished patients
nnUNet_raw/Dataset505_han_seg/.conversion/patients/    a state file for each of them
nnUNet_raw/Dataset505_han_seg/.conversion/making/      files of the patients in hand
```

Files of a patient get their places, by renaming, when all of them are there, and the state is written last: killed at
any moment, a patient counts as finished with whole files or not at all. The folder `.conversion` is removed when the
data set is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from hnseg.cohort.state.lock import cohort_lock
from hnseg.cohort.state.store import write_whole
from hnseg_training.dataset.conversion.patient_state import PatientState, read_state, sizes_in
from hnseg_training.dataset.work_folder import UNFINISHED, WorkFolder

SAMPLE_FOLDERS = ("imagesTr", "labelsTr")


@dataclass(frozen=True)
class Unfinished:
    """Data set that is being made.

    Attributes:
        work: Its work folder.
    """

    work: WorkFolder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the data set for one run, and remove what former runs left of patients in hand.

        Raises:
            InputError: Another run holds it.
            OutputError: It can't be written to.
        """
        own = self.work.raw / UNFINISHED
        own.mkdir(exist_ok=True)
        with cohort_lock(own):
            shutil.rmtree(own / "making", ignore_errors=True)
            for folder in (own / "making", own / "patients"):
                folder.mkdir(exist_ok=True)
            yield

    def state(self, name: str) -> PatientState | None:
        """Return the state of a patient; None where the patient is not finished."""
        return read_state(self._state_file(name))

    @contextmanager
    def making(self) -> Iterator[WorkFolder]:
        """Make a provisional work folder for the files of one patient, and remove it afterwards."""
        folder = Path(mkdtemp(dir=self.work.raw / UNFINISHED / "making"))
        try:
            made = WorkFolder(folder, self.work.dataset)
            for name in SAMPLE_FOLDERS:
                (made.raw / name).mkdir(parents=True)
            yield made
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, state: PatientState, made: WorkFolder) -> None:
        """Give a patient's files their places, then write the state.

        Args:
            state: State of the patient, whose outputs are found here.
            made: Provisional work folder with the files.

        Raises:
            OSError: They can't be written.
        """
        self.forget(state.patient)
        files = [path for path in made.raw.rglob("*") if path.is_file()]
        names = [str(path.relative_to(made.raw)) for path in files]
        outputs = sizes_in(made.raw, names)
        for path, name in zip(files, names, strict=True):
            path.replace(self.work.raw / name)
        self._write(state.model_copy(update={"outputs": outputs}))

    def replace(self, name: str, file: Path, made: Path) -> None:
        """Give a changed file of a finished patient its place, and note its new size in the state.

        Args:
            name: Name of the patient.
            file: File of the raw data set.
            made: New content, in a file on the same file system.
        """
        made.replace(file)
        state = self.state(name)
        if state is not None:
            self._write(state.model_copy(update={"outputs": sizes_in(self.work.raw, state.outputs)}))

    def forget(self, name: str) -> None:
        """Remove the state of a patient, who is not finished then."""
        self._state_file(name).unlink(missing_ok=True)

    def keep_only(self, names: Iterable[str]) -> None:
        """Remove the files and states of all patients but some that are finished."""
        kept = set(names)
        states = {name: state for name in kept if (state := self.state(name)) is not None}
        outputs = {output for state in states.values() for output in state.outputs}
        for path in (self.work.raw / UNFINISHED / "patients").glob("*"):
            if path.name.removesuffix(".json") not in states:
                path.unlink()
        for folder in SAMPLE_FOLDERS:
            for path in (self.work.raw / folder).iterdir():
                if f"{folder}/{path.name}" not in outputs:
                    path.unlink()

    def finished_count(self) -> int:
        """Return the number of patients with a state."""
        return sum(1 for _ in (self.work.raw / UNFINISHED / "patients").glob("*.json"))

    def complete(self) -> None:
        """Remove the states: the data set is whole."""
        own = self.work.raw / UNFINISHED
        aside = own.with_name(f"{UNFINISHED}-removed")
        with suppress(FileNotFoundError):
            own.rename(aside)  # at once, so that no half of the states is left to go on with
        shutil.rmtree(aside, ignore_errors=True)

    def _write(self, state: PatientState) -> None:
        write_whole(self._state_file(state.patient), state.model_dump_json(indent=2) + "\n", synced=True)

    def _state_file(self, name: str) -> Path:
        return self.work.raw / UNFINISHED / "patients" / f"{name}.json"
