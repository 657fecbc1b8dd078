"""A training's checkpoint: a `.keras` file that also says how far its feed has come."""

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from steelyard.errors import RequestError
from steelyard.files.atomic import write_whole

MEMBER = "steelyard.json"  # beside what Keras keeps in the archive, and never looked at by it


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        request: what decides the batches and the model; a training goes on under the same.
        step: batches done, through all epochs.
        loss: sum of the losses of this epoch's batches.
        epochs: what was logged at the end of each epoch.
        stopped: a callback stopped it: there is nothing to go on with.
    """

    request: dict[str, Any]
    step: int = 0
    loss: float = 0.0
    epochs: list[dict[str, float]] = field(default_factory=list)
    stopped: bool = False


def checked_name(checkpoint: str | Path | None) -> Path | None:
    """The path of a checkpoint. Raises: RequestError: Keras would not write there."""
    if checkpoint is None:
        return None
    path = Path(checkpoint)
    if path.suffix != ".keras":
        raise RequestError(f"checkpoint = {str(path)!r}; give a file name that ends in .keras")
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    return path


def save(path: Path, model: Any, progress: Progress) -> None:
    """The model with its optimizer, and the progress, in one file: whole, or not at all."""

    def write(partial: Path) -> None:
        model.save(partial)
        with zipfile.ZipFile(partial, "a") as archive:
            archive.writestr(MEMBER, json.dumps(asdict(progress)))

    write_whole(path, write)


def load(path: Path, model: Any, request: dict[str, Any]) -> Progress:
    """Put a checkpoint's weights and optimizer into the model.

    Raises: RequestError: it is none, or of another request.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            progress = Progress(**json.loads(archive.read(MEMBER)))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RequestError(
            f"{path} is no checkpoint of such a training; choose another name, or remove it"
        ) from error
    # As JSON has it: tuples are lists there.
    for name, asked in json.loads(json.dumps(request)).items():
        begun = progress.request.get(name)
        if begun != asked:
            raise RequestError(
                f"{path} was begun with {name} = {begun}, and now it is {asked}; ask for the same "
                "again, or choose another checkpoint"
            )
    model.load_weights(path)
    return progress
