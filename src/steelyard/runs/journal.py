"""The journal: one line per finished job, so that a killed run goes on where it was."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.errors import RunError
from steelyard.files import write_whole


class Journal:
    """`RUN/journal.jsonl` and, until the run is finished, `RUN/parts/JOB.npy`.

    The first line is the request; a directory that holds another request is refused, so that
    results of two requests never mix.
    """

    def __init__(self, run: Path, request: dict[str, Any]) -> None:
        self.run, self.path, self.parts = run, run / "journal.jsonl", run / "parts"
        self.finished: dict[str, dict[str, Any]] = {}
        if run.exists():
            self._resume(request)
        else:
            self.parts.mkdir(parents=True)
            self._append({"request": request})

    def _resume(self, request: dict[str, Any]) -> None:
        if (self.run / "run.json").exists():
            raise RunError(
                f"{self.run} holds a finished run; choose another --out, or look at it with: "
                f"steelyard report {self.run}"
            )
        if not self.path.exists():
            raise RunError(f"{self.run} exists and is no unfinished run; choose another --out")
        lines = self.path.read_text(encoding="utf-8").split("\n")
        # A kill can leave the last line cut short: it has no newline and does not count.
        first, *jobs = [json.loads(line) for line in lines[:-1]]
        if first["request"] != json.loads(json.dumps(request)):
            differs = [key for key, value in first["request"].items() if request.get(key) != value]
            raise RunError(
                f"{self.run} holds an unfinished run of another request (other: "
                f"{', '.join(differs)}); choose another --out, or remove it first"
            )
        self.finished = {line["job"]: line for line in jobs}
        if lines[-1]:
            self.path.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")

    def add(self, job: str, uncorrected: np.ndarray, line: dict[str, Any]) -> None:
        """Record a finished job: first its array, then, when that is safe, its line."""
        write_whole(self.parts / f"{job}.npy", lambda partial: np.save(partial, uncorrected))
        self.finished[job] = {"job": job} | line
        self._append(self.finished[job])

    def uncorrected(self, job: str) -> np.ndarray:
        """What a finished job believed of its test rows."""
        return np.load(self.parts / f"{job}.npy", allow_pickle=False)

    def lines(self, jobs: Sequence[str]) -> list[dict[str, Any]]:
        """The lines of finished jobs, in the order asked for."""
        return [self.finished[job] for job in jobs]

    def close(self) -> None:
        """The run is saved: the arrays are in its predictions now."""
        shutil.rmtree(self.parts)

    def _append(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
