"""The journal: one line per finished job, so that a run that was stopped goes on where it was."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from steelyard.errors import RunError
from steelyard.files import Lock, write_whole
from steelyard.files.digests import file_digest
from steelyard.runs.checks import check_file, problem_in

FILES = {".lock", "journal.jsonl", "parts"}  # what an unfinished run consists of


class Journal:
    """`RUN/journal.jsonl` and, until the run is finished, `RUN/parts/JOB.npy`; for use in a `with`.

    The first line is the request; a directory that holds another request is refused, so that
    results of two requests never mix, and so is one that another process works in. A job whose
    line or array is damaged counts as not done.

    Args:
        run: the run directory; made where it is absent.
        request: all that the results of jobs depend on, plain values.
        trainings: how many jobs of its techniques there will be.
    """

    def __init__(self, run: Path, request: dict[str, Any], trainings: int = 0) -> None:
        self.run, self.path, self.parts = run, run / "journal.jsonl", run / "parts"
        self.request, self.trainings = json.loads(json.dumps(request)), trainings
        self.finished: dict[str, dict[str, Any]] = {}
        self._lock = Lock(run / ".lock", str(run))

    def __enter__(self) -> Self:
        self._check_folder()
        self.run.mkdir(parents=True, exist_ok=True)
        self._lock.__enter__()
        try:
            self._resume()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def add(self, job: str, uncorrected: np.ndarray, line: dict[str, Any]) -> None:
        """Record a finished job: first its array, then, when that is safe, its line."""
        part = self.parts / f"{job}.npy"
        write_whole(part, lambda partial: np.save(partial, uncorrected))
        self.finished[job] = {"job": job} | line | {"uncorrected": file_digest(part)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(self.finished[job]))
            file.flush()
            os.fsync(file.fileno())

    def uncorrected(self, job: str) -> np.ndarray:
        """The uncorrected probabilities of a finished job."""
        return np.load(self.parts / f"{job}.npy", allow_pickle=False)

    def lines(self, jobs: Sequence[str]) -> list[dict[str, Any]]:
        """The lines of finished jobs, in the order asked for."""
        return [self.finished[job] for job in jobs]

    def close(self) -> None:
        """The run is saved: the arrays are in its predictions now."""
        shutil.rmtree(self.parts)

    def _check_folder(self) -> None:
        """Refuse, before anything is written, what is no unfinished run."""
        above = next(path for path in (self.run, *self.run.absolute().parents) if path.exists())
        if not above.is_dir():
            raise RunError(
                f"`out={str(self.run)!r}`: {above} is a file, not a folder; choose another"
            )
        present = {path.name for path in self.run.iterdir()} if above == self.run else set()
        if "run.json" in present:
            raise RunError(
                f"{self.run} holds a finished run; choose another `out`, or look at it with: "
                f"steelyard report {self.run}"
            )
        if self.parts.is_symlink():
            raise RunError(f"{self.parts} is a link to elsewhere; choose another `out`")
        if "journal.jsonl" not in present and present - FILES:
            raise RunError(f"{self.run} exists and is no unfinished run; choose another `out`")

    def _resume(self) -> None:
        self._check_folder()  # again: another process may have finished it before the lock was ours
        lines, whole = _read(self.path)
        if lines:
            self._check_request(lines[0])
        self.parts.mkdir(exist_ok=True)
        jobs = [line for line in lines[1:] if self._is_sound(line)]
        self.finished = {line["job"]: line for line in jobs}
        if not whole or len(jobs) != len(lines) - 1:
            head = {"request": self.request, "trainings": self.trainings}
            text = "".join(map(_line, [head, *jobs]))
            write_whole(self.path, lambda partial: partial.write_text(text, encoding="utf-8"))

    def _check_request(self, first: Any) -> None:
        problem = problem_in(first, "journal_request")
        if problem:
            raise RunError(
                f"{self.path} is damaged ({problem}): what its jobs were done for is not known; "
                "remove the directory, or choose another `out`"
            )
        theirs, ours = first["request"], self.request
        differs = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
        if differs:
            raise RunError(
                f"{self.run} holds an unfinished run of another request (other: "
                f"{', '.join(differs)}); choose another `out`, or remove it first"
            )

    def _is_sound(self, line: Any) -> bool:
        """Whether a line and the array behind it are as they were written."""
        if problem_in(line, "journal_job"):
            return False
        part = self.parts / f"{line['job']}.npy"
        return part.is_file() and file_digest(part) == line["uncorrected"]


def trainings_of(run: Path) -> tuple[int, int] | None:
    """Finished trainings of an unfinished run, and how many it asks for; None: there is none."""
    lines, _ = _read(run / "journal.jsonl")
    if not lines or (run / "run.json").exists() or problem_in(lines[0], "journal_request"):
        return None
    names = {technique["name"] for technique in lines[0]["request"]["techniques"]}
    jobs = [line for line in lines[1:] if not problem_in(line, "journal_job")]
    done = {line["job"] for line in jobs if line["ledger"]["technique"] in names}
    return len(done), lines[0]["trainings"]


def rows_of_unfinished(run: str | Path | None) -> int | None:
    """How many rows of a larger table an unfinished run was begun with; None: all, or no run."""
    lines, _ = _read(Path(run) / "journal.jsonl") if run is not None else ([], False)
    if not lines or problem_in(lines[0], "journal_request"):
        return None
    return lines[0]["request"].get("rows")


def ledger_lines(path: Path) -> list[dict[str, Any]] | None:
    """What a finished run's journal says of each job; None where a line is damaged."""
    if not path.is_file():
        return None
    lines, whole = _read(path)
    damaged = not lines or problem_in(lines[0], "journal_request")
    if damaged or not whole or any(problem_in(line, "journal_job") for line in lines[1:]):
        return None
    return [line["ledger"] for line in lines[1:]]


def _read(path: Path) -> tuple[list[Any], bool]:
    """The lines that can be read, and whether these are all; a first line that cannot is {}."""
    check_file(path)
    if not path.exists():
        return [], False
    # A kill can leave the last line cut short: it has no newline and does not count.
    *complete, rest = path.read_bytes().split(b"\n")
    values = [_value(line) for line in complete]
    lines = [value for place, value in enumerate(values) if value is not None or place == 0]
    return [{} if line is None else line for line in lines], not rest and None not in values


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
