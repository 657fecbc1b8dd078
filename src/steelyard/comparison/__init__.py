"""Compare techniques honestly: folds, ledger, judging, verdict."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.comparison.main_job import compare, train
    from steelyard.comparison.study import Study

__all__ = ["Study", "compare", "train"]


def __getattr__(name: str) -> Any:
    # On first use: the statistics in this folder are used without the rest of it.
    if name in {"compare", "train"}:
        from steelyard.comparison import main_job

        return getattr(main_job, name)
    if name == "Study":
        from steelyard.comparison.study import Study

        return Study
    raise AttributeError(f"module 'steelyard.comparison' has no attribute {name!r}")
