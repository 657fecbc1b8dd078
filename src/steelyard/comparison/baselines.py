"""Which model a comparison trains, and the other built-in ones, untreated, beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.comparison.protocol import Protocol
from steelyard.errors import RequestError
from steelyard.files.digests import file_digest
from steelyard.jobs.job import Trainer
from steelyard.jobs.run import ResultStore, TrainingTask, uncorrected_probabilities
from steelyard.tables import Table
from steelyard.techniques import TECHNIQUES, Technique

BUILT_IN = ("blend", "tabular", "trees")


def trainer_of(model: str | Callable[[int, int], Any]) -> Trainer:
    """The trainer of a built-in model, of "FILE.py:FUNCTION", or of a function."""
    # Imported here: TensorFlow takes seconds, and a wrong request should not wait for it.
    if not isinstance(model, str) and not callable(model):
        raise RequestError(
            f"`model={model!r}`: it takes blend, tabular, trees, FILE.py:FUNCTION or a function"
        )
    if callable(model):
        from steelyard.models.custom import CustomTrainer

        return CustomTrainer.of(model)
    if model == "tabular":
        from steelyard.models.tabular import TabularTrainer

        return TabularTrainer()
    if model == "trees":
        from steelyard.models.trees import TreesTrainer

        return TreesTrainer()
    if model == "blend":
        from steelyard.models.blend import BlendTrainer

        return BlendTrainer()
    from steelyard.models.custom import CustomTrainer
    from steelyard.models.own_model import from_file

    return CustomTrainer(from_file(model))


def code_of(model: str | Callable[[int, int], Any]) -> dict[str, str]:
    """The digest of the file that an own model comes from: results of two versions never mix."""
    file = "" if callable(model) else model.rpartition(":")[0]
    return {"model_code": file_digest(Path(file))} if file else {}


def baseline_tasks(trainer: Trainer, table: Table) -> list[TrainingTask]:
    """What is left to train so that network, trees and blend all show, whatever was chosen."""
    from steelyard.models.blend import BLEND, NETWORK, TREES, BlendTrainer
    from steelyard.models.tabular import TabularTrainer
    from steelyard.models.trees import TreesTrainer

    if isinstance(trainer, BlendTrainer):
        return []  # its halves were trained on the way
    if isinstance(trainer, TabularTrainer):
        return [TrainingTask(TreesTrainer().for_table(table), [TREES])]
    if isinstance(trainer, TreesTrainer):
        return [TrainingTask(TabularTrainer().for_table(table), [NETWORK])]
    return [TrainingTask(BlendTrainer().for_table(table), [BLEND])]


def baseline_probabilities(
    trainer: Trainer, protocol: Protocol, store: ResultStore
) -> Iterator[tuple[Technique, dict[str, np.ndarray]]]:
    """Uncorrected probabilities by split of each built-in model that is not the compared one."""
    from steelyard.models.blend import BLEND, NETWORK, TREES, BlendTrainer
    from steelyard.models.tabular import TabularTrainer
    from steelyard.models.trees import TreesTrainer

    def uncorrected(technique: Technique) -> dict[str, np.ndarray]:
        return uncorrected_probabilities(technique, protocol.splits, protocol.seed, store)

    plain = TECHNIQUES["plain"]
    halves = {NETWORK: NETWORK, TREES: TREES}
    if isinstance(trainer, TabularTrainer):
        halves = {NETWORK: plain, TREES: TREES}
    if isinstance(trainer, TreesTrainer):
        halves = {NETWORK: NETWORK, TREES: plain}
    kept = {model.name: uncorrected(technique) for model, technique in halves.items()}
    for model, technique in halves.items():
        if technique is not plain:
            yield model, kept[model.name]
    if not isinstance(trainer, BlendTrainer):
        ours, theirs = kept.values()
        yield BLEND, {key: (ours[key] + theirs[key]) / 2 for key in ours}
